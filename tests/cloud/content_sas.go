// Security Center: its agents on servers, notifications, leaked keys. Two sites have a part of an account each.
package main

import (
	"strconv"
	"strings"
)

const sasVersion = "2018-12-03"

func init() {
	addActions(
		sasAction("DescribeCloudCenterInstances", sasInstances, takes("Criteria"), takes("LogicalExp"), oneOf("MachineTypes", "ecs", "cloud_product"),
			takes("Flags"), oneOf("UseNextToken", "true", "false"), takes("NextToken"), ranged("CurrentPage", 1, 1<<30),
			ranged("PageSize", 1, 100), oneOf("Lang", "zh", "en")),
		sasAction("DescribeNoticeConfig", sasNotices, oneOf("Lang", "zh", "en"), takes("BizType")),
		sasAction("DescribeAccesskeyLeakList", sasLeaks, oneOf("Status", "pending", "dealed"), ranged("CurrentPage", 1, 1<<30), ranged("PageSize", 1, 100)),
		sasAction("DescribeSecureSuggestion", sasSuggestions, oneOf("Lang", "zh", "en"), oneOf("CalType", "home_security_score")),
	)
}

func sasAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "sas", Version: sasVersion, Name: name, Method: "POST", Global: true, Params: params, RAM: "yundun-sas:" + name, Answer: answer}
}

// sasRegions are the regions that the asked site looks after: those of China with Hong Kong, or all others.
func sasRegions(c *Call) []string {
	var list []string
	inChina := c.Region == "" || strings.HasPrefix(c.Region, "cn-")
	for _, region := range c.Account.Regions {
		if strings.HasPrefix(region, "cn-") == inChina {
			list = append(list, region)
		}
	}
	return list
}

// sasKnown is how many of a region's instances are known: the last one of fifty is not yet.
func sasKnown(a *Account, region string) int {
	count := a.Count("ecs_instance", region)
	return count - count/50
}

func sasAt(a *Account, regions []string, n int) (string, int) {
	for _, region := range regions {
		if known := sasKnown(a, region); n < known {
			return region, n
		} else {
			n -= known
		}
	}
	return "", 0
}

func sasInstances(c *Call) Answer {
	a, regions, total := c.Account, sasRegions(c), 0
	for _, region := range regions {
		total += sasKnown(a, region)
	}
	if flags := c.Params["Flags"]; flags != "" && flags != "0" || c.Params["MachineTypes"] == "cloud_product" {
		total = 0 // Machines of others, and things that are no machines: there are none.
	}
	info, p, bad := obj{}, page{}, (*Answer)(nil)
	if c.Params["UseNextToken"] == "true" {
		p.first, p.last, p.next, bad = pageByToken(c, total, "NextToken", "PageSize", 20, 100)
		info = obj{"NextToken": p.next}
	} else {
		p.first, p.last, p.number, p.size, bad = pageByNumber(c, total, "CurrentPage", "PageSize", 20, 100)
		info = obj{"TotalCount": total, "CurrentPage": p.number}
	}
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := p.first; n < p.last; n++ {
		region, i := sasAt(a, regions, n)
		list = append(list, sasInstance(a, region, i))
	}
	info["Count"], info["PageSize"] = len(list), 20
	if size, err := strconv.Atoi(c.Params["PageSize"]); err == nil {
		info["PageSize"] = size
	}
	return Answer{JSON: obj{"Success": true, "Instances": list, "PageInfo": info}}
}

func sasInstance(a *Account, region string, i int) obj {
	const kind = "ecs_instance"
	osType, osName := ecsSystem(a, region, i)
	row := obj{
		"InstanceId": a.ID(kind, region, i), "InstanceName": ecsInstanceName(a, region, i), "Uuid": uuidOf(a, "sas", region, i, "uuid"),
		"RegionId": region, "Region": region, "Vendor": 0, "VendorName": "ALIYUN", "Flag": 0, "Status": "Running", "Os": osType, "OsName": osName,
		"InternetIp": ecsPublicAddress(a, region, i), "IntranetIp": privateAddress(i), "RegionName": regionName(region), "AuthVersion": 3,
		"LastLoginTimestamp": millis(-roll(a, "sas", region, i, "login", 30)), "VulCount": roll(a, "sas", region, i, "vul", 9), "GroupId": 1,
		"SafeEventCount": 0, "HealthCheckCount": 0, "RiskStatus": "NO", "AssetType": "0", "MachineType": "ecs", "Cores": 4, "Mem": 8192,
	}
	if e, ok := ecsEip(a, region, i); ok {
		row["InternetIp"] = eipAddress(a, region, e)
	}
	if ecsRunning(a, region, i) != "Running" {
		row["Status"] = "notRunning"
	}
	states := []string{"online", "online", "online", "online", "online", "online", "online", "offline", "pause", "uninstalled", "stopped"}
	state := states[roll(a, "sas", region, i, "agent", len(states))]
	row["ClientSubStatus"], row["ClientStatus"] = state, state
	if state == "uninstalled" || state == "stopped" {
		row["ClientStatus"] = "offline"
	}
	return row
}

func sasNotices(c *Call) Answer {
	uid, _ := strconv.ParseInt(c.Account.UID, 10, 64)
	list := []obj{}
	for _, project := range []string{"yundun_sas_ak_leakage", "sas_suspicious", "yundun_sas_vul_week", "sas_healthcheck", "yundun_anti_Virus"} {
		route := []int{0, 6, 7, 4}[roll(c.Account, "sas", "", 0, project, 4)]
		list = append(list, obj{"AliUid": uid, "Project": project, "Route": route, "TimeLimit": roll(c.Account, "sas", "", 0, project+" time", 2), "BizType": "sas"})
	}
	return Answer{JSON: obj{"NoticeConfigList": list}}
}

// sasLeakCount is how many leaked keys of a sort a site knows of; the accounts with very many need several pages.
func sasLeakCount(c *Call, status string) int {
	if len(sasRegions(c)) == 0 {
		return 0
	}
	return []int{0, 0, 1, 3, 130}[roll(c.Account, "sas", "", 0, "leaks "+status, 5)]
}

func sasLeaks(c *Call) Answer {
	pending, done := sasLeakCount(c, "pending"), sasLeakCount(c, "dealed")
	from, to := 0, pending+done
	switch c.Params["Status"] {
	case "pending":
		to = pending
	case "dealed":
		from = pending
	}
	first, last, number, size, bad := pageByNumber(c, to-from, "CurrentPage", "PageSize", 20, 100)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := from + first; n < from+last; n++ {
		status := "pending"
		if n >= pending {
			status = "dealed"
		}
		list = append(list, obj{"Id": 100000 + n, "AccesskeyId": "TESTCANARY" + hexOf(c.Account, "sas", "", n, "key", 10), "Status": status,
			"UserType": pick(c.Account, "sas", "", n, "user type", "sub", "main"), "AliUserName": "user-" + strconv.Itoa(n), "Type": "AccessKey",
			"DealType": status, "Asset": "config.py", "Url": "https://code.example/repository/config.py", "GmtCreate": millis(-40), "GmtModified": millis(-n % 30)})
	}
	return Answer{JSON: obj{"AkLeakCount": pending, "TotalCount": to - from, "CurrentPage": number, "PageSize": size, "AccessKeyLeakList": list}}
}

func sasSuggestions(c *Call) Answer {
	list := []obj{{"SuggestType": "SS_CLOUD_HC", "Points": 10, "Detail": []obj{
		{"SubType": "CLOUD_HC_AEGIS_OFFLINE", "Title": "Agents are offline", "Description": "", "OperateCount": 3}}}}
	if roll(c.Account, "sas", "", 0, "yundun_sas_ak_leakage", 4) == 0 {
		list = append(list, obj{"SuggestType": "SS_REINFORCE", "Points": 5, "Detail": []obj{
			{"SubType": "REINFORCE_AK_LEAK", "Title": "Notification of leaked keys is off", "Description": "", "OperateCount": 1}}})
	}
	if sasLeakCount(c, "pending") > 0 {
		list = append(list, obj{"SuggestType": "SS_AK", "Points": 20, "Detail": []obj{
			{"SubType": "ACCESSKEY_LEAK", "Title": "A key has leaked", "Description": "", "OperateCount": 1}}})
	}
	return Answer{JSON: obj{"Score": 60, "TotalCount": len(list), "Suggestions": list}}
}
