// CloudMonitor: the ECS instances of all regions, a few hosts from elsewhere, and the agent on them.
package main

import (
	"fmt"
	"strings"
)

const (
	cmsVersion   = "2019-01-01"
	cmsServers   = "ecs_instance"
	cmsElsewhere = 3 // Hosts that are not of this cloud.
)

// cmsStates are what the agent of an instance may be; "" is not told of at all.
var cmsStates = []string{"running", "running", "running", "running", "running", "running", "running", "running", "running", "running",
	"stopped", "install_faild", "", "not_installed", "running", "abnormal"}

func (r res) cmsState() string { return cmsStates[r.roll("agent", len(cmsStates))] }

func cmsHost(a *Account, n int) obj {
	servers := a.Count(cmsServers, "")
	if n >= servers {
		return obj{"InstanceId": "", "HostName": fmt.Sprintf("office-%d", n-servers), "Region": "", "AgentVersion": "3.5.11",
			"isAliyunHost": false,
			"SerialNumber": hexOf(a, "cms_host", "", n-servers, "serial", 32), "AliUid": 0, "NetworkType": "", "OperatingSystem": "Linux",
			"IpGroup": "192.168.1.9"}
	}
	region, i := a.At(cmsServers, n)
	r := res{a, cmsServers, region, i}
	row := obj{"InstanceId": r.id(), "HostName": "host-" + r.hex("name", 6), "Region": region, "AgentVersion": "", "isAliyunHost": true,
		"SerialNumber": uuidOf(a, cmsServers, region, i, "serial"),
		"AliUid":       0, "NetworkType": "vpc", "OperatingSystem": "Linux", "InstanceTypeFamily": "ecs.g7", "IpGroup": privateAddress(i),
		"NatIp": "", "EipAddress": "", "EipId": ""}
	if r.cmsState() == "running" {
		row["AgentVersion"] = r.pick("agent version", "3.5.11", "3.5.9", "2.1.56")
	}
	return row
}

// cmsHosts lists the hosts of all regions, one after another, wherever it is asked.
func cmsHosts(c *Call) Answer {
	a, from, total := c.Account, 0, 0
	one := c.Params["InstanceRegionId"]
	switch {
	case one != "":
		total = a.Count(cmsServers, one)
		for _, region := range a.Regions {
			if region == one {
				break
			}
			from += a.Count(cmsServers, region)
		}
	case c.Params["AliyunHost"] == "true":
		total = a.Count(cmsServers, "")
	case c.Params["AliyunHost"] == "false":
		from, total = a.Count(cmsServers, ""), cmsElsewhere
	default:
		total = a.Count(cmsServers, "") + cmsElsewhere
	}
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", 10, 100)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := first; n < last; n++ {
		list = append(list, cmsHost(a, from+n))
	}
	return Answer{JSON: obj{"Hosts": obj{"Host": list}, "Total": total, "PageNumber": number, "PageSize": size,
		"PageTotal": (total + size - 1) / size,
		"Success":   true, "Code": "200", "Message": ""}}
}

// cmsStatuses tells of those of the ids that are instances with a state.
func cmsStatuses(c *Call) Answer {
	list := []obj{}
	for _, id := range strings.Split(c.Params["InstanceIds"], ",") {
		region, i, ok := c.Account.Find(cmsServers, strings.TrimSpace(id))
		r := res{c.Account, cmsServers, region, i}
		if !ok || r.cmsState() == "" {
			continue
		}
		row := obj{"InstanceId": r.id(), "Status": r.cmsState(), "AutoInstall": r.chance("auto install", 60),
			"OsMonitorStatus": "running", "OsMonitorConfig": "{}",
			"OsMonitorVersion": "0.0.9.0"}
		if r.cmsState() == "install_faild" {
			row["AgentInstallErrorCode"] = r.pick("agent error", "Common.Timeout", "Common.SLR", "Assist.Offline")
		}
		list = append(list, row)
	}
	return Answer{JSON: obj{"NodeStatusList": obj{"NodeStatus": list}, "Success": true, "Code": "200", "Message": ""}}
}

func init() {
	addActions(
		&Action{Product: "cms", Version: cmsVersion, Name: "DescribeMonitoringAgentHosts", Method: "POST", Global: true,
			RAM: "cms:DescribeMonitoringAgentHosts",
			Params: []Param{takes("RegionId"), oneOf("AliyunHost", "true", "false"), anyPage("PageNumber"),
				sizes("PageSize", 10, 20, 50, 100), takes("InstanceRegionId")},
			Answer: cmsHosts},
		&Action{Product: "cms", Version: cmsVersion, Name: "DescribeMonitoringAgentStatuses", Method: "POST", Global: true,
			RAM:    "cms:DescribeMonitoringAgentStatuses",
			Params: []Param{takes("RegionId"), needs("InstanceIds")}, Answer: cmsStatuses},
	)
}
