// Database Autonomy Service: SQL Explorer of the PolarDB clusters of every region, asked in one place.
package main

func dasLog(c *Call) Answer {
	region, i, ok := c.Account.Find(polarKind, c.Params["InstanceId"])
	if !ok {
		return notFound("InvalidDBInstanceId.NotFound", "The instance does not exist.")
	}
	r := res{c.Account, polarKind, region, i}
	data := obj{"SqlLogEnable": r.polarCollects() || r.chance("das", 20), "RequestEnable": r.chance("das request", 10), "HotRetention": 7,
		"ColdRetention": 23, "Retention": 30,
		"SqlLogState": "Valid", "Version": r.pick("das version", "SQL_LOG_V1", "SQL_LOG_V2", "SQL_LOG_V3"),
		"SupportVersion": "SQL_LOG_V3", "SupportMigration": false,
		"SqlLogVisibleTime": millis(-30), "RequestStartTime": millis(-30), "LogFilter": ""}
	if r.polarType() == "Oracle" {
		data["SupportVersion"], data["Version"], data["SqlLogEnable"], data["RequestEnable"] = "SQL_LOG_NOT_SUPPORT", "SQL_LOG_NOT_ENABLE", false, false
	}
	if data["SqlLogEnable"] == false && data["RequestEnable"] == false {
		data["Version"] = "SQL_LOG_NOT_ENABLE"
	}
	return Answer{JSON: obj{"Code": "200", "Message": "Successful", "Success": "true", "Data": data}}
}

func init() {
	addActions(&Action{Product: "das", Version: "2020-01-16", Name: "DescribeSqlLogConfig", Method: "POST", Global: true,
		RAM:    "hdm:DescribeSqlLogConfig",
		Params: []Param{oneOf("RegionId", "cn-shanghai"), needs("InstanceId")}, Answer: dasLog})
}
