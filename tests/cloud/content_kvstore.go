// Tair (Redis OSS-compatible), by its older name ApsaraDB for Redis.
package main

const (
	kvVersion  = "2015-01-01"
	kvKind     = "kvstore_instance"
	kvNotFound = "InvalidInstanceId.NotFound"
	kvNobody   = "Specified instance does not exist."
)

// kvModel is the sort of an instance: type, class, engine version and edition belong together.
type kvModel struct{ kind, class, version, edition, architecture string }

var kvModels = []kvModel{
	{"Redis", "redis.master.small.default", "5.0", "Community", "standard"},
	{"Redis", "redis.shard.small.2.ce", "6.0", "Community", "cluster"},
	{"Tair", "tair.rdb.1g", "7.0", "Enterprise", "standard"},
	{"Redis", "redis.master.mid.default", "4.0", "Community", "standard"},
	{"Tair", "tair.scm.standard.4m.32d", "1.0", "Enterprise", "standard"},
	{"Redis", "redis.master.large.default", "2.8", "Community", "standard"},
	{"Redis", "redis.logic.sharding.2g.2db.0rodb.4proxy.default", "5.0", "Community", "rwsplit"},
	{"Tair", "tair.essd.standard.xlarge", "2.0", "Enterprise", "standard"},
	{"Memcache", "memcache.master.small.default", "4.0", "Community", "standard"},
	{"Redis", "redis.master.stand.default", "7.0", "Community", "standard"},
}

func (r res) kvModel() kvModel { return kvModels[r.roll("model", len(kvModels))] }

func kvRow(r res) obj {
	model := r.kvModel()
	return obj{"InstanceId": r.id(), "InstanceName": "cache-" + r.hex("name", 4), "RegionId": r.region, "ZoneId": r.zone(),
		"InstanceStatus": r.status("Normal", "Creating", "Inactive", "Changing"), "InstanceType": model.kind,
		"InstanceClass": model.class,
		"EngineVersion": model.version, "EditionType": model.edition, "ArchitectureType": model.architecture,
		"NodeType":    r.pick("nodes", "double", "double", "double", "single"),
		"NetworkType": r.pick("network", "VPC", "VPC", "VPC", "CLASSIC"),
		"VpcAuthMode": r.pick("vpc auth", "Close", "Open", "Close"), "ConnectionDomain": r.id() + ".redis.rds.aliyuncs.com", "Port": 6379,
		"PrivateIp": privateAddress(r.i), "VpcId": r.vpc(), "VSwitchId": r.vswitch(), "Capacity": 1024, "Bandwidth": 10,
		"Connections": 10000, "QPS": 100000,
		"ChargeType": r.pick("charge", "PostPaid", "PrePaid"), "CreateTime": instant(r.born()), "EndTime": "", "UserName": r.id(),
		"PackageType":     "standard",
		"ResourceGroupId": "rg-acfmy", "IsRds": false, "HasRenewChangeOrder": false, "Config": "{}", "Tags": obj{"Tag": []obj{}}}
}

func kvList(c *Call) Answer {
	total := c.Account.Count(kvKind, regionOf(c))
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", 30, 50)
	if bad != nil {
		return *bad
	}
	return Answer{JSON: obj{"Instances": obj{"KVStoreInstance": rows(c, kvKind, first, last, kvRow)}, "TotalCount": total,
		"PageNumber": number, "PageSize": size}}
}

func kvRegions(c *Call) Answer {
	list := []obj{}
	for _, region := range c.Account.Regions {
		list = append(list, obj{"RegionId": region, "LocalName": regionName(region),
			"RegionEndpoint": "r-kvstore." + region + ".aliyuncs.com",
			"ZoneIds":        region + "-a", "ZoneIdList": obj{"ZoneId": []string{region + "-a"}}})
	}
	return Answer{JSON: obj{"RegionIds": obj{"KVStoreRegion": list}}}
}

func kvLists(c *Call, r res) Answer {
	groups := r.ipGroups("SecurityIpGroupName", "SecurityIpGroupAttribute", "SecurityIpList")
	return Answer{JSON: obj{"SecurityIpGroups": obj{"SecurityIpGroup": groups}}}
}

func kvNet(c *Call, r res) Answer {
	list := []obj{{"IPType": "Private", "DBInstanceNetType": "2", "ConnectionString": r.id() + ".redis.rds.aliyuncs.com", "Port": "6379",
		"IPAddress": privateAddress(r.i), "VPCId": r.vpc(), "VSwitchId": r.vswitch(), "VPCInstanceId": r.id(), "Upgradeable": "Enable",
		"ExpiredTime": ""}}
	if r.chance("public", 30) {
		list = append(list, obj{"IPType": "Public", "DBInstanceNetType": "0", "ConnectionString": r.id() + "pd.redis.rds.aliyuncs.com",
			"Port":      "6379",
			"IPAddress": publicAddress(r.a, 121, r.kind, r.region, r.i), "VPCId": "", "VSwitchId": "", "VPCInstanceId": "",
			"Upgradeable": "Enable", "ExpiredTime": ""})
	}
	return Answer{JSON: obj{"InstanceNetworkType": "VPC", "NetInfoItems": obj{"InstanceNetInfo": list}}}
}

func kvBackup(c *Call, r res) Answer {
	if r.kvModel().kind == "Memcache" {
		return Answer{Code: "InstanceType.NotSupport", Message: "The type of the instance has no backup policy."}
	}
	return Answer{JSON: obj{"PreferredBackupPeriod": r.weekDays(), "PreferredBackupTime": r.backupHour(),
		"PreferredNextBackupTime": minute(1),
		"BackupRetentionPeriod":   r.pick("retention", "7", "7", "30", "730", "0"), "EnableBackupLog": r.roll("log", 2)}}
}

func kvAudit(c *Call, r res) Answer {
	model := r.kvModel()
	if model.kind == "Memcache" || model.version == "2.8" || model.version == "1.0" || model.version == "2.0" {
		return Answer{Code: "InstanceClass.NotSupport", Message: "The instance does not support audit logs."}
	}
	if r.chance("old minor version", 6) {
		return Answer{Code: "MinorVersionNotSupport", Message: "The minor version of the instance does not support audit logs."}
	}
	return Answer{JSON: obj{"DbAudit": r.pick("audit", "true", "false"), "Retention": r.pick("audit days", "7", "15", "180")}}
}

func kvSSL(c *Call, r res) Answer {
	if version := r.kvModel().version; version == "1.0" || version == "2.0" || version == "2.8" {
		return Answer{Code: "IncorrectEngineVersion", Message: "The engine version of the instance has no SSL."}
	}
	if r.chance("ssl", 50) {
		return Answer{JSON: obj{"InstanceId": r.id(), "SSLEnabled": "Disable", "SSLExpiredTime": "", "CertCommonName": ""}}
	}
	return Answer{JSON: obj{"InstanceId": r.id(), "SSLEnabled": "Enable", "SSLExpiredTime": r.certificateEnd(),
		"CertCommonName": r.id() + ".redis.rds.aliyuncs.com"}}
}

func init() {
	addKinds(&Kind{Name: kvKind, Share: 3})
	one := func(name string, answer func(c *Call, r res) Answer, region Param) *Action {
		return &Action{Product: "kvstore", Version: kvVersion, Name: name, Method: "POST", RAM: "kvstore:" + name,
			Params: []Param{region, needs("InstanceId")}, Answer: aboutOne(kvKind, "InstanceId", kvNotFound, kvNobody, answer)}
	}
	addActions(
		&Action{Product: "kvstore", Version: kvVersion, Name: "DescribeRegions", Method: "POST", Global: true,
			RAM:    "kvstore:DescribeRegions",
			Params: []Param{takes("RegionId"), takes("AcceptLanguage")}, Answer: kvRegions},
		&Action{Product: "kvstore", Version: kvVersion, Name: "DescribeInstances", Method: "POST", RAM: "kvstore:DescribeInstances",
			Params: []Param{needs("RegionId"), anyPage("PageNumber"), ranged("PageSize", 1, 50)}, Answer: kvList},
		one("DescribeSecurityIps", kvLists, takes("RegionId")),
		templateAction("kvstore", kvVersion, kvKind, kvNotFound, kvNobody),
		one("DescribeDBInstanceNetInfo", kvNet, takes("RegionId")),
		one("DescribeBackupPolicy", kvBackup, takes("RegionId")),
		one("DescribeAuditLogConfig", kvAudit, needs("RegionId")),
		one("DescribeInstanceSSL", kvSSL, takes("RegionId")),
	)
}
