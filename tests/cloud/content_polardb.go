// PolarDB for MySQL and PostgreSQL.
package main

const (
	polarVersion  = "2017-08-01"
	polarKind     = "polardb_cluster"
	polarNotFound = "InvalidDBClusterId.NotFound"
	polarNobody   = "The DBClusterId provided does not exist in our records."
)

func (r res) polarType() string {
	return r.pick("engine", "MySQL", "MySQL", "MySQL", "MySQL", "MySQL", "PostgreSQL", "PostgreSQL", "Oracle")
}

func polarRow(r res) obj {
	version := map[string]string{"MySQL": r.pick("version", "5.7", "8.0", "8.0"), "PostgreSQL": "14", "Oracle": "11"}[r.polarType()]
	return obj{"DBClusterId": r.id(), "DBClusterDescription": "polar-" + r.hex("name", 4), "RegionId": r.region, "ZoneId": r.zone(),
		"DBClusterStatus": r.status("Running", "Creating", "Deleting", "Stopped"), "DBType": r.polarType(), "DBVersion": version,
		"Engine":   "POLARDB",
		"LockMode": r.pick("lock", "Unlock", "Unlock", "Unlock", "Unlock", "ManualLock"), "Expired": "false", "ExpireTime": "",
		"CreateTime":           instant(r.born()),
		"DBClusterNetworkType": "VPC", "VpcId": r.vpc(), "VswitchId": r.vswitch(), "PayType": r.pick("pay", "Postpaid", "Prepaid"),
		"DBNodeClass":  "polar.mysql.x4.large",
		"DBNodeNumber": 2, "StorageType": "HighPerformance", "StorageUsed": 3012558848, "Category": "Normal", "DeletionLock": 0,
		"ResourceGroupId": "rg-acfmy",
		"DBNodes": obj{"DBNode": []obj{{"DBNodeId": "pi-" + r.hex("node", 17), "DBNodeRole": "Writer",
			"DBNodeClass": "polar.mysql.x4.large", "RegionId": r.region,
			"ZoneId": r.zone()}}}, "Tags": obj{"Tag": []obj{}}}
}

func polarList(c *Call) Answer { return databases(c, polarKind, "DBCluster", polarRow) }

func polarLists(c *Call, r res) Answer {
	security := []obj{}
	if r.chance("security group", 20) {
		security = append(security, obj{"SecurityGroupId": "sg-" + r.hex("group", 17), "SecurityGroupName": "app"})
	}
	return Answer{JSON: obj{"Items": obj{"DBClusterIPArray": r.ipGroups("DBClusterIPArrayName", "DBClusterIPArrayAttribute",
		"SecurityIps")},
		"DBClusterSecurityGroups": obj{"DBClusterSecurityGroup": security}}}
}

func polarEndpoints(c *Call, r res) Answer {
	list := []obj{}
	for _, kind := range []string{"Primary", "Cluster"} {
		id := "pe-" + r.hex(kind, 17)
		addresses := []obj{{"NetType": "Private", "ConnectionString": r.id() + "." + kind + ".polardb.rds.aliyuncs.com", "Port": "3306",
			"IPAddress": privateAddress(r.i),
			"VPCId":     r.vpc(), "VSwitchId": r.vswitch(), "VpcInstanceId": id, "PrivateZoneConnectionString": ""}}
		if kind == "Primary" && r.chance("public", 30) {
			addresses = append(addresses, obj{"NetType": "Public", "ConnectionString": r.id() + "-pub.rwlb.rds.aliyuncs.com",
				"Port":      "3306",
				"IPAddress": publicAddress(r.a, 118, r.kind, r.region, r.i)})
		}
		list = append(list, obj{"DBEndpointId": id, "EndpointType": kind, "DBEndpointDescription": "", "ReadWriteMode": "ReadWrite",
			"AutoAddNewNodes": "Enable",
			"NodeWithRoles":   "Writer", "Nodes": "pi-" + r.hex("node", 17), "EndpointConfig": "{}", "AddressItems": addresses})
	}
	return Answer{JSON: obj{"Items": list}}
}

// polarBackup: three ways to have backups (days, an advanced policy, a frequency), and none of them.
func polarBackup(c *Call, r res) Answer {
	body := obj{"PreferredBackupPeriod": "", "PreferredBackupTime": r.backupHour(), "PreferredNextBackupTime": minute(1),
		"BackupRetentionPolicyOnClusterDeletion": "NONE",
		"DataLevel1BackupRetentionPeriod":        "7", "DataLevel1BackupPeriod": "", "DataLevel1BackupTime": r.backupHour(),
		"DataLevel2BackupRetentionPeriod": "0"}
	days := "Monday,Wednesday,Friday,Sunday"
	switch way := r.roll("backup", 8); way {
	case 0: // No backup.
	case 1:
		body["DataLevel1BackupPeriod"] = days
	default:
		body["PreferredBackupPeriod"], body["DataLevel1BackupPeriod"] = days, days
	}
	if r.polarType() != "MySQL" {
		return Answer{JSON: body}
	}
	body["BackupFrequency"], body["BackupPolicyLevel"], body["DataLevel2BackupPeriod"] = "Normal", "Normal", days
	body["DataLevel2BackupRetentionPeriod"] = r.pick("level 2", "0", "30", "-1")
	body["AdvancedDataPolicies"] = obj{"AdvancedDataPolicy": []obj{}}
	switch r.roll("frequency", 10) {
	case 0:
		body["BackupFrequency"] = "2/24H"
	case 1:
		body["BackupPolicyLevel"] = "Advanced"
		body["AdvancedDataPolicies"] = obj{"AdvancedDataPolicy": []obj{{"PolicyId": "bp-" + r.hex("policy", 12), "BackupType": "F",
			"FilterType": "crontab",
			"FilterKey":  "dayOfWeek", "FilterValue": "1,3,5", "SrcType": "db", "SrcRegion": r.region, "DestType": "level1",
			"DestRegion":    r.region,
			"RetentionType": "delay", "RetentionValue": "7"}}}
	}
	return Answer{JSON: body}
}

func (r res) polarCollects() bool { return r.chance("collector", 55) }

func polarCollector(c *Call, r res) Answer {
	if r.polarType() == "Oracle" && r.chance("collector edition", 50) {
		return Answer{Code: "InvalidDBType.NotSupport", Message: "The edition of the cluster has no SQL Explorer."}
	}
	status := "Disabled"
	if r.polarCollects() {
		status = "Enable"
	}
	return Answer{JSON: obj{"CollectorStatus": status}}
}

func init() {
	addKinds(&Kind{Name: polarKind, Share: 2})
	one := func(name string, answer func(c *Call, r res) Answer, more ...Param) *Action {
		return &Action{Product: "polardb", Version: polarVersion, Name: name, Method: "POST", RAM: "polardb:" + name,
			Params: append([]Param{takes("RegionId"), needs("DBClusterId")}, more...),
			Answer: aboutOne(polarKind, "DBClusterId", polarNotFound, polarNobody, answer)}
	}
	addActions(
		&Action{Product: "polardb", Version: polarVersion, Name: "DescribeRegions", Method: "POST", Global: true,
			RAM:    "polardb:DescribeRegions",
			Params: []Param{takes("RegionId")}, Answer: zonedRegions},
		&Action{Product: "polardb", Version: polarVersion, Name: "DescribeDBClusters", Method: "POST", RAM: "polardb:DescribeDBClusters",
			Params: []Param{needs("RegionId"), anyPage("PageNumber"), sizes("PageSize", 30, 50, 100)}, Answer: polarList},
		one("DescribeDBClusterAccessWhitelist", polarLists),
		templateAction("polardb", polarVersion, polarKind, polarNotFound, polarNobody),
		one("DescribeDBClusterEndpoints", polarEndpoints, takes("DBEndpointId")),
		one("DescribeBackupPolicy", polarBackup),
		one("DescribeDBClusterAuditLogCollector", polarCollector),
	)
}
