// ApsaraDB RDS: instances and what is set on each of them.
package main

import (
	"strconv"
	"strings"
)

const rdsVersion = "2014-08-15"

const rdsKind = "rds_instance"

func init() {
	addKinds(&Kind{Name: rdsKind, Share: 6})
	one := needs("DBInstanceId")
	addActions(
		rdsAction("DescribeRegions", rdsRegions, takes("AcceptLanguage")),
		rdsAction("DescribeDBInstances", rdsInstances, needs("RegionId"), takes("DBInstanceId"), anyPage("PageNumber"),
			ranged("PageSize", 1, 100), takes("NextToken"), ranged("MaxResults", 1, 100)),
		rdsAction("DescribeDBInstanceSSL", rdsAbout(rdsSSL), one),
		rdsAction("DescribeDBInstanceTDE", rdsAbout(rdsTDE), one),
		rdsAction("DescribeDBInstanceEncryptionKey", rdsAbout(rdsEncryptionKey), one, takes("RegionId"), takes("TargetRegionId")),
		rdsAction("DescribeSQLCollectorPolicy", rdsAbout(rdsSQLCollector), one),
		rdsAction("DescribeDBInstanceIPArrayList", rdsAbout(rdsWhitelist), one, oneOf("WhitelistNetworkType", "Classic", "VPC", "MIX")),
		rdsAction("DescribeInstanceLinkedWhitelistTemplate", aboutOne(rdsKind, "InsName", "InvalidDBInstanceName.NotFound",
			"The specified DB instance name does not exist.", rdsTemplates), needs("InsName"), takes("RegionId"), takes("ResourceGroupId")),
		rdsAction("DescribeDBInstanceNetInfo", rdsAbout(rdsNet), one, takes("Flag")),
		rdsAction("DescribeBackupPolicy", rdsAbout(rdsBackup), one, oneOf("BackupPolicyMode", "DataBackupPolicy", "LogBackupPolicy")),
		rdsAction("DescribeAvailableCrossRegion", rdsCrossRegions, needs("RegionId")),
		rdsAction("DescribeInstanceCrossBackupPolicy", rdsAbout(rdsCrossBackup), needs("RegionId"), one),
	)
	actionNamed("rds", "DescribeRegions").Global = true
}

func rdsAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "rds", Version: rdsVersion, Name: name, Method: "POST", Params: params, RAM: "rds:" + name, Answer: answer}
}

func rdsAbout(answer func(*Call, res) Answer) func(*Call) Answer {
	return aboutOne(rdsKind, "DBInstanceId", "InvalidDBInstanceId.NotFound", "The specified instance does not exist or is not supported.", answer)
}

// rdsRegions has a row for each zone.
func rdsRegions(c *Call) Answer {
	var list []obj
	for _, region := range c.Account.Regions {
		zones := map[string]bool{}
		for i := 0; len(zones) < 2; i++ {
			zone := zoneOf(c.Account, "zone", region, i)
			if !zones[zone] {
				zones[zone] = true
				list = append(list, obj{"RegionId": region, "RegionEndpoint": "rds." + region + ".aliyuncs.com", "ZoneId": zone,
					"LocalName": regionName(region), "ZoneName": zone})
			}
		}
	}
	return Answer{JSON: obj{"Regions": obj{"RDSRegion": list}}}
}

// Every eighth instance hangs on the one before it: it is read-only, or in rare cases a temporary one.
func (r res) rdsType() string {
	switch {
	case r.i%8 != 7:
		return "Primary"
	case r.i/8%6 == 5:
		return "Temp"
	}
	return "Readonly"
}

func (r res) rdsPrimary() res {
	if r.i%8 == 7 {
		r.i--
	}
	return r
}

// rdsSort is an engine with its version, storage and category.
type rdsSort struct{ engine, version, storage, category string }

var rdsSorts = []rdsSort{
	{"MySQL", "8.0", "local_ssd", "HighAvailability"}, {"MySQL", "5.7", "local_ssd", "HighAvailability"},
	{"MySQL", "8.0", "cloud_essd", "HighAvailability"}, {"MySQL", "8.0", "general_essd", "cluster"},
	{"MySQL", "8.0", "local_ssd", "Finance"}, {"MySQL", "8.0", "cloud_essd", "Basic"}, {"MySQL", "8.0", "cloud_essd", "serverless_standard"},
	{"PostgreSQL", "14.0", "cloud_essd", "HighAvailability"}, {"PostgreSQL", "16.0", "general_essd", "HighAvailability"},
	{"PostgreSQL", "9.4", "local_ssd", "HighAvailability"}, {"SQLServer", "2019_std_ha", "cloud_essd", "HighAvailability"},
	{"SQLServer", "2022_ent_ha", "cloud_essd", "HighAvailability"}, {"SQLServer", "2017_web", "cloud_essd", "Basic"},
	{"MariaDB", "10.6", "cloud_essd", "HighAvailability"},
}

func (r res) rdsSort() rdsSort {
	primary := r.rdsPrimary()
	return rdsSorts[primary.roll("sort", len(rdsSorts))]
}

// rdsCanTDE: what can encrypt its files.
func (s rdsSort) canTDE() bool {
	switch s.engine {
	case "MySQL":
		return s.storage == "local_ssd"
	case "PostgreSQL":
		return s.storage != "local_ssd"
	}
	return s.engine == "SQLServer" && !strings.HasSuffix(s.version, "web")
}

var rdsRefused = Answer{Status: 403, Code: "InstanceEngineType.NotSupport", Message: "The instance engine type does not support this operation."}

func rdsInstances(c *Call) Answer {
	total, at := chosen(c, rdsKind, "DBInstanceId")
	p, bad := pageEither(c, total, 30, 100, 100)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := p.first; n < p.last; n++ {
		list = append(list, rdsInstance(res{c.Account, rdsKind, c.Region, at(n)}))
	}
	body := obj{"TotalRecordCount": total, "PageRecordCount": len(list), "PageNumber": p.number, "Items": obj{"DBInstance": list}}
	if p.byToken {
		body["NextToken"] = p.next
	}
	return Answer{JSON: body}
}

func rdsInstance(r res) obj {
	sort, kind := r.rdsSort(), r.rdsType()
	row := obj{
		"DBInstanceId": r.id(), "DBInstanceDescription": r.pick("name", "orders", "users", "billing", "reports") + "-" + base36(uint64(r.i), 3),
		"RegionId": r.region, "ZoneId": r.zone(), "Engine": sort.engine, "EngineVersion": sort.version, "Category": sort.category,
		"DBInstanceStorageType": sort.storage, "DBInstanceType": kind, "DBInstanceStatus": r.status("Running", "Creating", "Restarting", "Deleting"),
		"DBInstanceNetType": "Intranet", "ConnectionMode": "Standard", "LockMode": "Unlock", "LockReason": "", "InstanceNetworkType": "VPC",
		"DBInstanceClass": "rds.mysql.s2.large", "DBInstanceCPU": "2", "DBInstanceMemory": 4096, "PayType": r.pick("pay", "Prepaid", "Postpaid"),
		"VpcId": vpcID(r.a, r.region, 0), "VSwitchId": partID(r.a, "vsw-", "vswitch", r.region, 0), "CreateTime": instant(r.born()),
		"ExpireTime": "", "DeletionProtection": r.chance("protected", 50), "MutriORsignle": false, "ResourceGroupId": "", "TipsLevel": 0,
		"ConnectionString": r.id() + ".mysql.rds.aliyuncs.com", "ReadOnlyDBInstanceIds": obj{"ReadOnlyDBInstanceId": []obj{}},
	}
	if r.rdsIsPublic() {
		row["DBInstanceNetType"] = "Internet"
	}
	if r.chance("locked", 3) {
		row["LockMode"] = "LockByExpiration"
	}
	if kind != "Primary" {
		row["MasterInstanceId"] = r.rdsPrimary().id()
	}
	if helper := (res{r.a, r.kind, r.region, r.i + 1}); r.i%8 == 6 && r.i+1 < r.a.Count(rdsKind, r.region) && helper.rdsType() == "Readonly" {
		row["ReadOnlyDBInstanceIds"] = obj{"ReadOnlyDBInstanceId": []obj{{"DBInstanceId": helper.id()}}}
	}
	return row
}

func (r res) rdsIsPublic() bool { return r.chance("internet", 25) }

func rdsSSL(c *Call, r res) Answer {
	sort := r.rdsSort()
	if sort.engine == "MariaDB" {
		return rdsRefused
	}
	on, words := r.chance("ssl", 55), [2]string{"No", "Yes"}
	if sort.engine == "PostgreSQL" {
		words = [2]string{"off", "on"}
	}
	body := obj{"SSLEnabled": words[0], "SSLExpireTime": "", "RequireUpdate": "No", "RequireUpdateItem": "", "RequireUpdateReason": "",
		"ConnectionString": "", "SSLCreateTime": ""}
	if on {
		body["SSLEnabled"], body["SSLExpireTime"], body["ConnectionString"] = words[1], r.certificateEnd(), r.id()+".mysql.rds.aliyuncs.com"
		body["SSLCreateTime"] = instant(-100)
		if sort.engine != "PostgreSQL" {
			body["TlsVersion"] = r.pick("tls", "1.0,1.1,1.2", "1.2,1.3")
		}
	}
	if sort.engine == "SQLServer" {
		body["ForceEncryption"] = "0"
		if on && r.chance("forced", 50) {
			body["ForceEncryption"] = "1"
		}
	}
	return Answer{JSON: body}
}

func rdsTDE(c *Call, r res) Answer {
	sort := r.rdsSort()
	if !sort.canTDE() || sort.engine == "MariaDB" || strings.HasPrefix(sort.category, "serverless") {
		return Answer{Status: 403, Code: "InvaildEngineInRegion.ValueNotSupported", Message: "The engine does not support this operation in the region."}
	}
	on, list := r.chance("tde", 50), []obj{}
	status := map[bool]string{true: "Enabled", false: "Disabled"}
	if sort.engine == "SQLServer" {
		for n, name := range []string{"master_data", "archive"} {
			list = append(list, obj{"DBName": name, "TDEStatus": status[on && !r.chance("tde of "+strconv.Itoa(n), 30)]})
		}
	}
	body := obj{"TDEStatus": status[on], "TDEMode": "", "Databases": obj{"Database": list}}
	if on {
		body["TDEMode"] = r.pick("tde mode", "Aliyun_Generate_Key", "Customer_Provided_Key")
	}
	return Answer{JSON: body}
}

func rdsEncryptionKey(c *Call, r res) Answer {
	if sort := r.rdsSort(); sort.storage == "local_ssd" || sort.engine == "MariaDB" {
		return Answer{Status: 403, Code: "InstanceStorageType.NotSupport", Message: "Local disks are not encrypted."}
	}
	if !r.chance("disk key", 35) {
		return Answer{JSON: obj{"EncryptionKey": "", "EncryptionKeyStatus": "", "EncryptionKeyList": []obj{}}}
	}
	return Answer{JSON: obj{"EncryptionKey": uuidOf(r.a, r.kind, r.region, r.i, "key"), "EncryptionKeyStatus": r.pick("key state", "Enabled", "Enabled", "Enabled", "Disabled"),
		"Creator": r.a.UID, "Description": "", "DeleteDate": "", "KeyUsage": "ENCRYPT/DECRYPT", "MaterialExpireTime": "", "Origin": "Aliyun_KMS"}}
}

func rdsSQLCollector(c *Call, r res) Answer {
	if r.rdsSort().engine == "MariaDB" {
		return rdsRefused
	}
	return Answer{JSON: obj{"SQLCollectorStatus": r.pick("collector", "Enable", "Enable", "Disabled"), "StoragePeriod": 30}}
}

func rdsWhitelist(c *Call, r res) Answer {
	network := c.Params["WhitelistNetworkType"]
	own := "MIX"
	if r.rdsIsSafe() {
		own = "VPC"
	}
	list := []obj{}
	group := func(name, attribute, ips, of string) {
		if network == "" || network == of {
			list = append(list, obj{"DBInstanceIPArrayName": name, "DBInstanceIPArrayAttribute": attribute, "SecurityIPList": ips,
				"SecurityIPType": "IPv4", "WhitelistNetworkType": of})
		}
	}
	group("default", "", r.pick("default list", "127.0.0.1", "127.0.0.1", "10.23.12.24/24,192.168.6.0/24", "0.0.0.0/0", r.narrow("default")), own)
	if r.rdsIsSafe() { // The same name again, for the classic network.
		group("default", "", "127.0.0.1", "Classic")
	}
	if r.chance("app list", 60) {
		group("app", "", r.pick("app ips", r.narrow("app"), r.narrow("app2"), "0.0.0.0/1,128.0.0.0/1", "203.0.113.7,203.0.113.8"), own)
	}
	if r.chance("hidden list", 30) {
		group("hdm_security_ips", "hidden", "100.104.0.0/16", own)
	}
	return Answer{JSON: obj{"Items": obj{"DBInstanceIPArray": list}}}
}

// rdsIsSafe: lists are kept apart by network.
func (r res) rdsIsSafe() bool { return r.chance("safe mode", 20) }

func rdsTemplates(c *Call, r res) Answer {
	list := []obj{}
	if r.chance("template", 25) {
		ips := r.narrow("template list")
		if r.chance("template open", 20) {
			ips = "0.0.0.0/0"
		}
		list = append(list, obj{"TemplateId": 400 + r.i%50, "TemplateName": "office_" + strconv.Itoa(r.i%50), "Ips": ips, "UserId": r.roll("user", 100000)})
	}
	return Answer{JSON: obj{"Code": "200", "Success": true, "Message": "Successful", "HttpStatusCode": 200,
		"Data": obj{"InsName": r.id(), "Templates": list}}}
}
