// ApsaraDB RDS: endpoints and backups.
package main

func rdsNet(c *Call, r res) Answer {
	port := map[string]string{"MySQL": "3306", "MariaDB": "3306", "PostgreSQL": "5432", "SQLServer": "1433"}[r.rdsSort().engine]
	endpoint := func(kind, name, address string) obj {
		return obj{"IPType": kind, "ConnectionString": name, "ConnectionStringType": "Normal", "Port": port, "IPAddress": address,
			"Upgradeable": "Disabled", "ExpiredTime": "", "VPCId": "", "VSwitchId": "", "SecurityIPGroups": obj{"securityIPGroup": []obj{}}}
	}
	private := endpoint("Private", r.id()+".mysql.rds.aliyuncs.com", privateAddress(r.i+48000))
	private["VPCId"] = vpcID(r.a, r.region, 0)
	list := []obj{private}
	if r.rdsIsPublic() {
		list = append(list, endpoint("Public", r.id()+"o.mysql.rds.aliyuncs.com", publicAddress(r.a, 120, r.kind, r.region, r.i)))
	}
	mode := "normal"
	if r.rdsIsSafe() {
		mode = "safety"
	}
	return Answer{JSON: obj{"SecurityIPMode": mode, "InstanceNetworkType": "VPC", "DBInstanceNetInfos": obj{"DBInstanceNetInfo": list}}}
}

// rdsBackup: the policy of data mostly tells of the log as well. For some instances only that of the log does;
// SQL Server has log backups by their interval.
func rdsBackup(c *Call, r res) Answer {
	sort := r.rdsSort()
	log, apart := r.chance("log backup", 70), r.chance("log apart", 20)
	body := obj{}
	if c.Params["BackupPolicyMode"] != "LogBackupPolicy" {
		body = obj{"PreferredBackupPeriod": r.weekDays(), "PreferredBackupTime": r.backupHour(), "PreferredNextBackupTime": minute(1),
			"BackupRetentionPeriod": []int{7, 7, 14, 30, 730}[r.roll("keep", 5)], "BackupMethod": "Physical", "CompressType": "1",
			"SupportReleasedKeep": 1, "ReleasedKeepPolicy": "None", "Category": "Standard", "BackupInterval": "-1",
			"EnableIncrementDataBackup": false}
	}
	if sort.engine == "SQLServer" {
		body["LogBackupFrequency"], body["LogBackupRetentionPeriod"] = "LogInterval", 7
	}
	if sort.engine == "SQLServer" || apart && c.Params["BackupPolicyMode"] != "LogBackupPolicy" {
		return Answer{JSON: body}
	}
	body["BackupLog"], body["EnableBackupLog"] = "Disabled", "0"
	body["LogBackupRetentionPeriod"], body["LocalLogRetentionHours"], body["LocalLogRetentionSpace"] = 7, 18, "30"
	body["HighSpaceUsageProtection"] = "Enable"
	if log {
		body["BackupLog"], body["EnableBackupLog"], body["LogBackupRetentionPeriod"] = "Enable", "1", 7+r.roll("log keep", 30)
	}
	return Answer{JSON: body}
}

// rdsTargets are the regions that backups of a region may be copied to; elsewhere than in China's there is none.
func rdsTargets(region string) []string {
	switch region {
	case "cn-hangzhou":
		return []string{"cn-shanghai", "cn-beijing", "cn-shenzhen"}
	case "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-qingdao", "cn-zhangjiakou", "cn-chengdu":
		return []string{"cn-hangzhou", "cn-heyuan"}
	case "cn-hongkong":
		return []string{"ap-southeast-1"}
	}
	return []string{}
}

func rdsCrossRegions(c *Call) Answer {
	return Answer{JSON: obj{"Regions": obj{"Region": rdsTargets(c.Region)}}}
}

func rdsCrossBackup(c *Call, r res) Answer {
	sort := r.rdsSort()
	if sort.engine == "MariaDB" || sort.category == "Basic" {
		return rdsRefused
	}
	body := obj{
		"DBInstanceId": r.id(), "DBInstanceDescription": "", "RegionId": r.region, "Engine": sort.engine, "EngineVersion": sort.version,
		"BackupEnabled": "Disabled", "LogBackupEnabled": "Disabled", "CrossBackupRegion": "", "CrossBackupType": "1", "RetentType": 1,
		"Retention": 7, "DBInstanceStatus": "Running", "DBInstanceStatusDesc": "", "LockMode": "Unlock", "RelService": "",
	}
	if targets := rdsTargets(r.region); len(targets) > 0 && r.chance("copied", 45) {
		body["BackupEnabled"], body["CrossBackupRegion"] = "Enable", targets[r.roll("target", len(targets))]
		body["Retention"] = 30
		if r.chance("log copied", 70) {
			body["LogBackupEnabled"] = "Enable"
		}
		body["BackupEnabledTime"] = instant(-60)
	}
	return Answer{JSON: body}
}
