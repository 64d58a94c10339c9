// ActionTrail: trails, listed in their home region and as shadows in the others.
package main

const trailVersion = "2020-07-06"

func init() {
	addActions(
		trailAction("DescribeRegions", trailRegions, takes("AcceptLanguage")),
		trailAction("DescribeTrails", trails, oneOf("IncludeOrganizationTrail", "true", "false"), oneOf("IncludeShadowTrails", "true", "false"),
			takes("NameList")),
		trailAction("GetTrailStatus", trailStatus, needs("Name"), oneOf("IsOrganizationTrail", "true", "false")),
	)
}

func trailAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "actiontrail", Version: trailVersion, Name: name, Method: "POST", Global: true, Params: params, RAM: "actiontrail:" + name, Answer: answer}
}

func trailRegions(c *Call) Answer {
	list := []obj{}
	for _, region := range c.Account.Regions {
		list = append(list, obj{"RegionId": region, "RegionEndpoint": "actiontrail." + region + ".aliyuncs.com", "LocalName": regionName(region)})
	}
	return Answer{JSON: obj{"Regions": obj{"Region": list}}}
}

// trail is one trail of an account.
type trail struct {
	name, home, status, bucket, project  string
	all, logging, bucketOK, organization bool
	late                                 bool // The last delivery went wrong.
}

// trailsOf: one of three accounts have a trail that does what it should.
func trailsOf(a *Account) []trail {
	r, first, last := res{a, "trail", "", 0}, a.Regions[0], a.Regions[len(a.Regions)-1]
	main := trail{name: "audit", home: first, status: "Enable", all: true, logging: true, bucketOK: true,
		organization: a.Index == 0 && r.chance("organization", 50), late: r.chance("late", 50)}
	for _, region := range a.Regions {
		if a.Count(bucketKind, region) > 0 && main.bucket == "" {
			main.bucket = a.ID(bucketKind, region, 0)
		}
	}
	project := "acs:log:" + last + ":" + a.UID + ":project/audit"
	others := []trail{{name: "log-only", home: last, status: "Enable", project: project, logging: true},
		{name: "old", home: last, status: "Disable", bucket: "audit-of-" + a.UID}}
	switch r.roll("sort", 6) {
	case 0:
		return nil
	case 1:
		return others
	case 2:
		main.bucketOK = false
	case 3:
		main.logging = false
	}
	return append([]trail{main}, others[:r.roll("others", 3)]...)
}

// bucketRegion is where the trail's bucket is.
func (t trail) bucketRegion(a *Account) string {
	if t.bucket == "" {
		return ""
	}
	if region, _, ok := a.Find(bucketKind, t.bucket); ok {
		return "oss-" + region
	}
	return "oss-" + t.home
}

func trails(c *Call) Answer {
	a, list := c.Account, []obj{}
	for _, t := range trailsOf(a) {
		if t.home != c.Region && c.Params["IncludeShadowTrails"] != "true" || t.organization && c.Params["IncludeOrganizationTrail"] != "true" {
			continue
		}
		region := t.home
		if t.all {
			region = "All"
		}
		list = append(list, obj{
			"Name": t.name, "HomeRegion": t.home, "Region": t.home, "TrailRegion": region, "Status": t.status, "EventRW": map[bool]string{true: "All", false: "Write"}[t.all],
			"OssBucketName": t.bucket, "OssBucketLocation": t.bucketRegion(a), "OssKeyPrefix": "at/", "OssWriteRoleArn": "", "SlsProjectArn": t.project,
			"SlsWriteRoleArn": "", "IsOrganizationTrail": t.organization, "TrailArn": "acs:actiontrail:" + t.home + ":" + a.UID + ":trail/" + t.name,
			"CreateTime": instant(-500), "UpdateTime": instant(-100), "StartLoggingTime": instant(-499), "StopLoggingTime": "", "IsShadowTrail": 0})
		if t.home != c.Region {
			list[len(list)-1]["IsShadowTrail"] = 1
		}
	}
	return Answer{JSON: obj{"TrailList": list}}
}

// trailStatus is known at home alone.
func trailStatus(c *Call) Answer {
	for _, t := range trailsOf(c.Account) {
		if t.name != c.Params["Name"] || t.home != c.Region || (c.Params["IsOrganizationTrail"] == "true") != t.organization {
			continue
		}
		on := t.logging && t.status == "Enable"
		body := obj{"IsLogging": on, "OssBucketStatus": t.bucket != "" && t.bucketOK, "SlsLogStoreStatus": t.project != "",
			"LatestDeliveryTime": instant(0), "LatestDeliveryError": "", "StartLoggingTime": instant(-499), "StopLoggingTime": ""}
		if t.bucket != "" && !t.bucketOK {
			body["LatestDeliveryError"] = "NoSuchBucket"
		} else if t.late {
			body["LatestDeliveryError"] = "ServiceUnavailable"
		}
		return Answer{JSON: body}
	}
	return notFound("TrailNotFoundException", "The trail does not exist.")
}
