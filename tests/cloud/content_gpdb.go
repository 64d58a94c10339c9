// AnalyticDB for PostgreSQL.
package main

const (
	gpdbVersion = "2016-05-03"
	gpdbKind    = "gpdb_instance"
	gpdbRate    = 1000
)

func (r res) gpdbEngine() string { return r.pick("version", "6.0", "6.0", "7.0", "4.3") }

func gpdbRow(r res) obj {
	return obj{"DBInstanceId": r.id(), "DBInstanceDescription": "warehouse-" + r.hex("name", 4), "RegionId": r.region, "ZoneId": r.zone(),
		"DBInstanceStatus": r.status("Running", "Creating", "Deleting", "Restarting"), "Engine": "gpdb", "EngineVersion": r.gpdbEngine(),
		"DBInstanceNetType": r.pick("net type", "2", "2", "1", "0"), "DBInstanceMode": "StorageElastic",
		"DBInstanceCategory":  r.pick("category", "Basic", "HighAvailability"),
		"InstanceNetworkType": "VPC", "VpcId": r.vpc(), "VSwitchId": r.vswitch(), "PayType": "Postpaid", "LockMode": "0",
		"LockReason": "",
		"CreateTime": instant(r.born()), "ExpireTime": "", "SegNodeNum": "4", "StorageType": "cloud_essd", "StorageSize": "200",
		"MasterNodeNum":   1,
		"ResourceGroupId": "rg-acfmy", "Tags": obj{"Tag": []obj{}}}
}

func gpdbList(c *Call) Answer { return databases(c, gpdbKind, "DBInstance", gpdbRow) }

// gpdbLists: the oldest engine still answers in the older spelling of the list.
func gpdbLists(c *Call, r res) Answer {
	list := "SecurityIPList"
	if r.gpdbEngine() == "4.3" {
		list = "securityIPList"
	}
	groups := r.ipGroups("DBInstanceIPArrayName", "DBInstanceIPArrayAttribute", list)
	if name := c.Params["DBInstanceIPArrayName"]; name != "" {
		asked := []obj{}
		for _, group := range groups {
			if group["DBInstanceIPArrayName"] == name {
				asked = append(asked, group)
			}
		}
		groups = asked
	}
	return Answer{JSON: obj{"Items": obj{"DBInstanceIPArray": groups}}}
}

func gpdbNet(c *Call, r res) Answer {
	list := []obj{{"IPType": "Private", "ConnectionString": r.id() + "-master.gpdb.rds.aliyuncs.com", "Port": "5432",
		"IPAddress": privateAddress(r.i),
		"VPCId":     r.vpc(), "VSwitchId": r.vswitch(), "VpcInstanceId": r.id() + "-master", "AddressType": "Primary"}}
	if r.chance("public", 30) {
		list = append(list, obj{"IPType": "Public", "ConnectionString": r.id() + "-master-pub.gpdb.rds.aliyuncs.com", "Port": "5432",
			"IPAddress": publicAddress(r.a, 120, r.kind, r.region, r.i), "VPCId": "", "VSwitchId": "", "VpcInstanceId": "",
			"AddressType": "Primary"})
	}
	return Answer{JSON: obj{"DBInstanceNetInfos": obj{"DBInstanceNetInfo": list}, "InstanceNetworkType": "VPC"}}
}

func init() {
	addKinds(&Kind{Name: gpdbKind, Share: 2})
	one := func(name string, answer func(c *Call, r res) Answer, more ...Param) *Action {
		return &Action{Product: "gpdb", Version: gpdbVersion, Name: name, Method: "POST", RAM: "gpdb:" + name, Rate: gpdbRate,
			Params: append([]Param{takes("RegionId"), needs("DBInstanceId")}, more...),
			Answer: aboutOne(gpdbKind, "DBInstanceId", "InvalidDBInstanceId.NotFound", "The instance does not exist.", answer)}
	}
	addActions(
		&Action{Product: "gpdb", Version: gpdbVersion, Name: "DescribeRegions", Method: "POST", Global: true, RAM: "gpdb:DescribeRegions",
			Rate:   gpdbRate,
			Params: []Param{takes("RegionId"), takes("Region")}, Answer: zonedRegions},
		&Action{Product: "gpdb", Version: gpdbVersion, Name: "DescribeDBInstances", Method: "POST", RAM: "gpdb:DescribeDBInstances",
			Rate:   gpdbRate,
			Params: []Param{needs("RegionId"), anyPage("PageNumber"), sizes("PageSize", 30, 50, 100)}, Answer: gpdbList},
		one("DescribeDBInstanceIPArrayList", gpdbLists, takes("DBInstanceIPArrayName")),
		one("DescribeDBInstanceNetInfo", gpdbNet),
	)
}
