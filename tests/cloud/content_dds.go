// ApsaraDB for MongoDB.
package main

const (
	ddsVersion  = "2015-12-01"
	ddsKind     = "dds_instance"
	ddsNotFound = "InvalidDBInstanceId.NotFound"
	ddsNobody   = "Specified instance does not exist or not support."
)

// ddsTypes: replica sets, sharded clusters and serverless instances are listed apart.
const ddsTypes cycle = "rsrrvrrsrr"

var ddsLetters = map[string]byte{"replicate": 'r', "sharding": 's', "serverless": 'v'}

func (r res) ddsType() string {
	for name, letter := range ddsLetters {
		if ddsTypes.of(r.i) == letter {
			return name
		}
	}
	return ""
}

// ddsNodes: a standalone instance has one; "" where the sort of instance has no such number.
func (r res) ddsNodes() string {
	if r.ddsType() != "replicate" {
		return ""
	}
	return r.pick("nodes", "3", "3", "3", "5", "1")
}

func (r res) ddsStorage() string {
	return r.pick("storage", "local_ssd", "cloud_essd1", "cloud_essd1", "cloud_auto")
}

func (r res) ddsEngine() string { return r.pick("version", "4.0", "4.2", "4.4", "5.0", "6.0", "3.2") }

func ddsRow(r res) obj {
	kind := r.ddsType()
	row := obj{"DBInstanceId": r.id(), "DBInstanceDescription": "mongo-" + r.hex("name", 4), "RegionId": r.region, "ZoneId": r.zone(),
		"DBInstanceType": kind, "DBInstanceStatus": r.status("Running", "Creating", "Deleting", "DBInstanceClassChanging"),
		"DBInstanceClass":   r.pick("class", "dds.mongo.mid", "mdb.shard.4x.large.d", "dds.sn2.large.1"),
		"DBInstanceStorage": 20 + 10*r.roll("storage size", 50),
		"Engine":            "MongoDB", "EngineVersion": r.ddsEngine(), "NetworkType": r.pick("network", "VPC", "VPC", "VPC", "Classic"),
		"StorageType": r.ddsStorage(), "LockMode": "Unlock", "VpcAuthMode": r.pick("vpc auth", "Open", "Close"),
		"ChargeType":   r.pick("charge", "PostPaid", "PrePaid"),
		"CreationTime": instant(r.born()), "ResourceGroupId": "rg-acfmy", "KindCode": "0", "Tags": obj{"Tag": []obj{}}}
	if nodes := r.ddsNodes(); nodes != "" {
		row["ReplicationFactor"] = nodes
	}
	if r.roll("lock", 30) == 0 {
		row["LockMode"] = "LockByExpiration"
	}
	if kind == "sharding" {
		row["MongosList"] = obj{"MongosAttribute": []obj{{"NodeId": "s-" + r.hex("mongos", 12), "NodeClass": "mdb.shard.2x.large.d"}}}
		row["ShardList"] = obj{"ShardAttribute": []obj{{"NodeId": "d-" + r.hex("shard", 12), "NodeClass": "mdb.shard.2x.large.d",
			"NodeStorage": 20}}}
	}
	return row
}

func ddsList(c *Call) Answer {
	kind := c.Params["DBInstanceType"]
	if kind == "" {
		kind = "replicate"
	}
	letter := ddsLetters[kind]
	total := ddsTypes.count(letter, c.Account.Count(ddsKind, regionOf(c)))
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", 30, 100)
	if bad != nil {
		return *bad
	}
	list := rows(c, ddsKind, first, last, func(r res) obj {
		r.i = ddsTypes.at(letter, r.i)
		return ddsRow(r)
	})
	return Answer{JSON: obj{"DBInstances": obj{"DBInstance": list}, "TotalCount": total, "PageNumber": number, "PageSize": size}}
}

func ddsRegions(c *Call) Answer {
	list := []obj{}
	for _, region := range c.Account.Regions {
		list = append(list, obj{"RegionId": region, "RegionName": region, "EndPoint": "mongodb." + region + ".aliyuncs.com",
			"Zones": obj{"Zone": []obj{{"ZoneId": region + "-a", "ZoneName": region + " a", "VpcEnabled": true}}}})
	}
	return Answer{JSON: obj{"Regions": obj{"DdsRegion": list}}}
}

func ddsSecurityIps(c *Call, r res) Answer {
	groups := r.ipGroups("SecurityIpGroupName", "SecurityIpGroupAttribute", "SecurityIpList")
	shown := groups
	if c.Params["ShowHDMIps"] != "true" {
		shown = []obj{}
		for _, group := range groups {
			if group["SecurityIpGroupAttribute"] != "hidden" {
				shown = append(shown, group)
			}
		}
	}
	return Answer{JSON: obj{"SecurityIps": groups[0]["SecurityIpList"], "SecurityIpGroups": obj{"SecurityIpGroup": shown}}}
}

// ddsHost is an address of the instance; a public one, for one in three.
func (r res) ddsNetworks() []string {
	if r.chance("public", 33) {
		return []string{"VPC", "Public"}
	}
	return []string{"VPC"}
}

func ddsReplicas(c *Call, r res) Answer {
	list := []obj{}
	for _, network := range r.ddsNetworks() {
		for _, role := range []string{"Primary", "Secondary"} {
			host := r.id() + "1.mongodb." + r.region + ".rds.aliyuncs.com"
			if network == "Public" {
				host = r.id() + "1-pub.mongodb." + r.region + ".rds.aliyuncs.com"
			}
			list = append(list, obj{"ReplicaSetRole": role, "NetworkType": network, "ConnectionDomain": host, "ConnectionPort": "3717",
				"ExpiredTime": "",
				"VPCId":       r.vpc(), "VSwitchId": r.vswitch(), "RoleId": r.hex("role "+role, 8), "ConnectionType": "Physical"})
		}
	}
	return Answer{JSON: obj{"DBInstanceId": r.id(), "ReplicaSets": obj{"ReplicaSet": list}}}
}

func ddsShards(c *Call, r res) Answer {
	if r.ddsType() != "sharding" {
		return Answer{Code: "InstanceType.NotSupport", Message: "The instance is not a sharded cluster."}
	}
	list := []obj{}
	for _, network := range r.ddsNetworks() {
		host := "s-" + r.hex("mongos", 12) + ".mongodb." + r.region + ".rds.aliyuncs.com"
		if network == "Public" {
			host = "s-" + r.hex("mongos", 12) + "-pub.mongodb." + r.region + ".rds.aliyuncs.com"
		}
		list = append(list, obj{"NodeId": "s-" + r.hex("mongos", 12), "NodeType": "mongos", "Role": "Primary", "NetworkType": network,
			"NetworkAddress": host,
			"Port":           "3717", "IPAddress": privateAddress(r.i), "VPCId": r.vpc(), "VswitchId": r.vswitch(), "ExpiredTime": ""})
	}
	return Answer{JSON: obj{"NetworkAddresses": obj{"NetworkAddress": list}}}
}

func ddsBackup(c *Call, r res) Answer {
	return Answer{JSON: obj{"PreferredBackupPeriod": r.weekDays(), "PreferredBackupTime": r.backupHour(),
		"PreferredNextBackupTime": minute(1),
		"BackupRetentionPeriod":   r.pick("retention", "7", "7", "30", "730", "0"), "EnableBackupLog": r.roll("log", 2),
		"LogBackupRetentionPeriod": 7,
		"BackupInterval":           r.pick("interval", "-1", "-1", "60"), "SnapshotBackupType": "Standard", "BackupMethod": "Physical"}}
}

func ddsAudit(c *Call, r res) Answer {
	if r.ddsNodes() == "1" {
		return Answer{Code: "OperationNotSupported", Message: "The instance does not support audit logs."}
	}
	return Answer{JSON: obj{"LogAuditStatus": r.pick("audit", "Enable", "Enable", "Disabled"), "HotStoragePeriod": 7,
		"ColdStoragePeriod": 23, "ServiceType": "Standard"}}
}

func ddsSSL(c *Call, r res) Answer {
	if r.ddsNodes() == "1" {
		return Answer{Code: "SingleNodeNotSupport", Message: "A standalone instance has no SSL."}
	}
	if r.ddsType() == "sharding" && r.ddsStorage() == "local_ssd" || r.ddsType() == "serverless" || r.ddsEngine() == "3.2" {
		return Answer{Code: "StorageTypeOrInstanceTypeNotSupported", Message: "The storage or the type of the instance has no SSL."}
	}
	if r.chance("ssl", 40) {
		return Answer{JSON: obj{"SSLStatus": "Closed", "SSLExpiredTime": "", "CertCommonName": "", "ForceEncryption": "0"}}
	}
	return Answer{JSON: obj{"SSLStatus": "Open", "SSLExpiredTime": r.certificateEnd(),
		"CertCommonName":  r.id() + ".mongodb." + r.region + ".rds.aliyuncs.com",
		"ForceEncryption": "0"}}
}

func init() {
	addKinds(&Kind{Name: ddsKind, Share: 3})
	// The calls about one instance take its id alone.
	one := func(name string, answer func(c *Call, r res) Answer, more ...Param) *Action {
		return &Action{Product: "dds", Version: ddsVersion, Name: name, Method: "POST", RAM: "dds:" + name,
			Params: append([]Param{takes("RegionId"), needs("DBInstanceId")}, more...),
			Answer: aboutOne(ddsKind, "DBInstanceId", ddsNotFound, ddsNobody, answer)}
	}
	audit := one("DescribeAuditPolicy", ddsAudit)
	audit.Rate = 0.5 // 30 a minute.
	addActions(
		&Action{Product: "dds", Version: ddsVersion, Name: "DescribeRegions", Method: "POST", Global: true, RAM: "dds:DescribeRegions",
			Params: []Param{takes("RegionId"), takes("AcceptLanguage")}, Answer: ddsRegions},
		&Action{Product: "dds", Version: ddsVersion, Name: "DescribeDBInstances", Method: "POST", RAM: "dds:DescribeDBInstances",
			Params: []Param{needs("RegionId"), oneOf("DBInstanceType", "replicate", "sharding", "serverless"), anyPage("PageNumber"),
				sizes("PageSize", 30, 50, 100)},
			Answer: ddsList},
		one("DescribeSecurityIps", ddsSecurityIps, oneOf("ShowHDMIps", "true", "false")),
		templateAction("dds", ddsVersion, ddsKind, ddsNotFound, ddsNobody),
		one("DescribeReplicaSetRole", ddsReplicas),
		one("DescribeShardingNetworkAddress", ddsShards),
		one("DescribeBackupPolicy", ddsBackup, oneOf("InstanceType", "replicate", "sharding")),
		audit,
		one("DescribeDBInstanceSSL", ddsSSL),
	)
}
