// Elastic Compute Service: regions, instances, disks and their snapshot policies.
package main

import (
	"encoding/json"
	"strings"
)

const ecsVersion = "2014-05-26"

func init() {
	addKinds(
		&Kind{Name: "ecs_instance", Share: 24},
		&Kind{Name: "ecs_disk", Share: 34},
		&Kind{Name: "ecs_auto_snapshot_policy", Share: 0.8},
		&Kind{Name: "ecs_security_group", Share: 12},
	)
	addActions(
		ecsAction("DescribeRegions", ecsRegions, takes("AcceptLanguage"), takes("InstanceChargeType"), takes("ResourceType")),
		ecsAction("DescribeInstances", ecsInstances, needs("RegionId"), takes("InstanceIds"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100), takes("NextToken"), ranged("MaxResults", 1, 100)),
		ecsAction("DescribeDisks", ecsDisks, needs("RegionId"), takes("DiskIds"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100), takes("NextToken"), ranged("MaxResults", 10, 500)),
		ecsAction("DescribeAutoSnapshotPolicyEx", ecsSnapshotPolicies, needs("RegionId"), takes("AutoSnapshotPolicyId"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100)),
		ecsAction("DescribeAutoSnapshotPolicyAssociations", ecsSnapshotAssociations, needs("RegionId"),
			takes("AutoSnapshotPolicyId"), takes("DiskId"), takes("NextToken"), ranged("MaxResults", 1, 100)),
	)
	actionNamed("ecs", "DescribeRegions").Global = true
}

func ecsAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "ecs", Version: ecsVersion, Name: name, Method: "POST", Params: params,
		RAM: "ecs:" + name, Answer: answer}
}

// actionNamed is an action that was added.
func actionNamed(product, name string) *Action {
	for _, a := range actions {
		if a.Product == product && a.Name == name {
			return a
		}
	}
	panic("no action " + product + ":" + name)
}

func ecsRegions(c *Call) Answer {
	var rows []obj
	for _, region := range c.Account.Regions {
		status := "available"
		if region == "cn-qingdao" { // Nothing new is sold there; what there is stays.
			status = "soldOut"
		}
		rows = append(rows, obj{"RegionId": region, "RegionEndpoint": "ecs." + region + ".aliyuncs.com",
			"LocalName": regionName(region), "Status": status})
	}
	return Answer{JSON: obj{"Regions": obj{"Region": rows}}}
}

// page is one page of a list that may be asked for by number or by token.
type page struct {
	first, last, number, size int
	next                      string
	byToken                   bool
}

// pageEither cuts a page: by token if the call names one or MaxResults, else by number.
func pageEither(c *Call, total, def, maxSize, maxResults int) (p page, bad *Answer) {
	_, hasToken := c.Params["NextToken"]
	_, hasSize := c.Params["MaxResults"]
	if p.byToken = hasToken || hasSize; p.byToken {
		p.first, p.last, p.next, bad = pageByToken(c, total, "NextToken", "MaxResults", def, maxResults)
		return p, bad
	}
	p.first, p.last, p.number, p.size, bad = pageByNumber(c, total, "PageNumber", "PageSize", def, maxSize)
	return p, bad
}

// body is what every such answer has. With tokens the total is not to be relied on: it stays away.
func (p page) body(total int) obj {
	if p.byToken {
		return obj{"NextToken": p.next}
	}
	return obj{"TotalCount": total, "PageNumber": p.number, "PageSize": p.size, "NextToken": ""}
}

// named lists the numbers of the resources that a JSON list of ids asks for, or nil for all of them.
func named(c *Call, kind, param string) (numbers []int, some bool, bad *Answer) {
	text := c.Params[param]
	if text == "" {
		return nil, false, nil
	}
	var ids []string
	if err := json.Unmarshal([]byte(text), &ids); err != nil || len(ids) > 100 {
		return nil, true, &Answer{Code: "InvalidParameter", Message: "The specified " + param + " is not a list of at most 100 ids."}
	}
	for _, id := range ids {
		if i, ok := findIn(c.Account, kind, c.Region, id); ok {
			numbers = append(numbers, i)
		}
	}
	return numbers, true, nil
}

// ecsList answers a list of a kind, all of it or the ids that the parameter names.
func ecsList(c *Call, kind, idsParam, outer, inner string, def, maxResults int, row func(a *Account, region string, i int) obj) Answer {
	numbers, some, bad := named(c, kind, idsParam)
	if bad != nil {
		return *bad
	}
	total := len(numbers)
	if !some {
		total = c.Account.Count(kind, c.Region)
	}
	p, bad := pageEither(c, total, def, 100, maxResults)
	if bad != nil {
		return *bad
	}
	rows := []obj{}
	for n := p.first; n < p.last; n++ {
		i := n
		if some {
			i = numbers[n]
		}
		rows = append(rows, row(c.Account, c.Region, i))
	}
	body := p.body(total)
	body[outer] = obj{inner: rows}
	return Answer{JSON: body}
}

func ecsInstances(c *Call) Answer {
	return ecsList(c, "ecs_instance", "InstanceIds", "Instances", "Instance", 10, 100, ecsInstance)
}

func ecsInstanceName(a *Account, region string, i int) string {
	role := pick(a, "ecs_instance", region, i, "role", "web", "api", "worker", "batch", "db-proxy", "gateway", "ci", "worker-k8s-for-cs")
	return role + "-" + base36(uint64(i), 4)
}

// ecsGroup is the first security group of an instance; -1 where the region has none.
func ecsGroup(a *Account, region string, i int) int {
	if groups := a.Count("ecs_security_group", region); groups > 0 {
		return i % groups
	}
	return -1
}

// ecsInVpc: an instance is in the network of its security group.
func ecsInVpc(a *Account, region string, i int) bool {
	g := ecsGroup(a, region, i)
	return g < 0 || sgVpc(a, region, g) != ""
}

// ecsEip is the number of the elastic address of an instance.
func ecsEip(a *Account, region string, i int) (int, bool) {
	e := i/2*4 + i%2
	return e, e < a.Count("vpc_eip", region) && ecsInVpc(a, region, i)
}

func ecsRunning(a *Account, region string, i int) string {
	return pick(a, "ecs_instance", region, i, "status", "Running", "Running", "Running", "Running", "Running", "Running",
		"Running", "Running", "Stopped", "Stopped")
}

// ecsSystem is the operating system: its type and name.
func ecsSystem(a *Account, region string, i int) (string, string) {
	name := pick(a, "ecs_instance", region, i, "os", "Alibaba Cloud Linux  3.2104 LTS 64位", "CentOS  7.9 64位", "Ubuntu  22.04 64位",
		"Ubuntu  24.04 64位", "Debian  12.8 64位", "Windows Server  2022 数据中心版 64位中文版")
	if strings.HasPrefix(name, "Windows") {
		return "windows", name
	}
	return "linux", name
}

func ecsInstance(a *Account, region string, i int) obj {
	const kind = "ecs_instance"
	osType, osName := ecsSystem(a, region, i)
	row := obj{
		"InstanceId": a.ID(kind, region, i), "InstanceName": ecsInstanceName(a, region, i), "RegionId": region,
		"ZoneId": zoneOf(a, kind, region, i), "Status": ecsRunning(a, region, i), "OSType": osType, "OSName": osName,
		"OSNameEn": osName, "HostName": ecsInstanceName(a, region, i), "ImageId": "aliyun_3_x64_20G_alibase_20260815.vhd",
		"InstanceType": pick(a, kind, region, i, "type", "ecs.g7.large", "ecs.c7.xlarge", "ecs.r7.2xlarge", "ecs.u1-c1m2.large"),
		"Cpu":          4, "Memory": 8192, "InstanceChargeType": pick(a, kind, region, i, "charge", "PrePaid", "PostPaid"),
		"InternetMaxBandwidthOut": 5, "InternetMaxBandwidthIn": 100, "InternetChargeType": "PayByTraffic",
		"CreationTime": minute(created(a, kind, region, i)), "StartTime": minute(created(a, kind, region, i)),
		"ExpiredTime": minute(400), "DeletionProtection": chance(a, kind, region, i, "protect", 40), "IoOptimized": true,
		"SerialNumber": uuidOf(a, kind, region, i, "serial"), "ResourceGroupId": "", "Description": "",
		"PublicIpAddress": obj{"IpAddress": []string{}}, "InnerIpAddress": obj{"IpAddress": []string{}},
		"SecurityGroupIds": obj{"SecurityGroupId": ecsGroupIDs(a, region, i)},
		"OperationLocks":   obj{"LockReason": []obj{}}, "Tags": obj{"Tag": []obj{}},
	}
	if osType == "linux" && chance(a, kind, region, i, "key", 60) {
		row["KeyPairName"] = pick(a, kind, region, i, "keyname", "ops-2025", "ops-2026", "build")
	}
	ecsNetwork(a, region, i, row)
	return row
}

// ecsNetwork adds the addresses: of the classic network, or of a VPC with an elastic or a fixed public one.
func ecsNetwork(a *Account, region string, i int, row obj) {
	private, eip := []string{privateAddress(i)}, obj{"IpAddress": "", "AllocationId": "", "InternetChargeType": ""}
	row["VpcAttributes"] = obj{"VpcId": "", "VSwitchId": "", "NatIpAddress": "", "PrivateIpAddress": obj{"IpAddress": []string{}}}
	row["InstanceNetworkType"] = "classic"
	if ecsInVpc(a, region, i) {
		vpc := vpcID(a, region, 0)
		if g := ecsGroup(a, region, i); g >= 0 {
			vpc = sgVpc(a, region, g)
		}
		row["InstanceNetworkType"] = "vpc"
		row["VpcAttributes"] = obj{"VpcId": vpc, "VSwitchId": partID(a, "vsw-", "vswitch", region, 0), "NatIpAddress": "",
			"PrivateIpAddress": obj{"IpAddress": private}}
	} else {
		row["InnerIpAddress"] = obj{"IpAddress": private}
	}
	if e, ok := ecsEip(a, region, i); ok {
		eip = obj{"IpAddress": eipAddress(a, region, e), "AllocationId": a.ID("vpc_eip", region, e), "InternetChargeType": "PayByTraffic",
			"Bandwidth": 5, "IsSupportUnassociate": true}
	} else if address := ecsPublicAddress(a, region, i); address != "" {
		row["PublicIpAddress"] = obj{"IpAddress": []string{address}}
	}
	row["EipAddress"] = eip
}

// ecsPublicAddress is the fixed public address of an instance, "" if it has none.
func ecsPublicAddress(a *Account, region string, i int) string {
	if _, ok := ecsEip(a, region, i); ok || !chance(a, "ecs_instance", region, i, "public", 30) {
		return ""
	}
	return publicAddress(a, 39, "ecs_instance", region, i)
}

// ecsGroupIDs are one group or two of the same network.
func ecsGroupIDs(a *Account, region string, i int) []string {
	g := ecsGroup(a, region, i)
	if g < 0 {
		return []string{}
	}
	ids := []string{a.ID("ecs_security_group", region, g)}
	if second, ok := sgSecond(a, region, i); ok {
		ids = append(ids, a.ID("ecs_security_group", region, second))
	}
	return ids
}

func ecsDisks(c *Call) Answer {
	return ecsList(c, "ecs_disk", "DiskIds", "Disks", "Disk", 10, 500, ecsDisk)
}

// diskInstance tells which instance a disk belongs to; the first disks are the system disks of all
// instances, one each.
func diskInstance(a *Account, region string, i int) (int, bool) {
	instances := a.Count("ecs_instance", region)
	if i < instances {
		return i, true
	}
	if instances == 0 || chance(a, "ecs_disk", region, i, "free", 15) {
		return 0, false
	}
	return roll(a, "ecs_disk", region, i, "instance", instances), true
}

func ecsDisk(a *Account, region string, i int) obj {
	const kind = "ecs_disk"
	owner, attached := diskInstance(a, region, i)
	isSystem := i < a.Count("ecs_instance", region)
	row := obj{
		"DiskId": a.ID(kind, region, i), "DiskName": "data-" + base36(uint64(i), 4), "RegionId": region, "ZoneId": zoneOf(a, kind, region, i),
		"Type": "data", "Category": pick(a, kind, region, i, "category", "cloud_essd", "cloud_essd", "cloud_auto", "cloud_efficiency", "cloud_ssd", "local_ssd_pro"),
		"Size": 20 * (1 + roll(a, kind, region, i, "size", 25)), "Status": "Available", "Encrypted": false, "KMSKeyId": "",
		"InstanceId": "", "Device": "", "Portable": true, "DeleteWithInstance": isSystem, "Description": "", "DiskChargeType": "PostPaid",
		"CreationTime": instant(created(a, kind, region, i)), "AttachedTime": "", "DetachedTime": "", "MultiAttach": "Disabled",
		"EnableAutoSnapshot": false, "EnableAutomatedSnapshotPolicy": false, "AutoSnapshotPolicyId": "", "DeleteAutoSnapshot": true,
		"Attachments": obj{"Attachment": []obj{}}, "OperationLocks": obj{"OperationLock": []obj{}}, "Tags": obj{"Tag": []obj{}},
		"ResourceGroupId": "", "SourceSnapshotId": "", "PerformanceLevel": "PL1",
	}
	if isSystem {
		row["Type"], row["DiskName"] = "system", "system-"+base36(uint64(i), 4)
		row["Category"] = pick(a, kind, region, i, "category", "cloud_essd", "cloud_auto", "cloud_efficiency")
	}
	if chance(a, kind, region, i, "encrypted", 45) && !strings.HasPrefix(row["Category"].(string), "local") {
		row["Encrypted"], row["KMSKeyId"] = true, uuidOf(a, "kms", region, 0, "key")
	}
	if attached {
		attachDisk(a, region, i, owner, row)
	}
	if p, ok := diskPolicy(a, region, i); ok {
		row["EnableAutomatedSnapshotPolicy"], row["EnableAutoSnapshot"] = true, true
		row["AutoSnapshotPolicyId"] = a.ID("ecs_auto_snapshot_policy", region, p)
	}
	return row
}

// attachDisk says where the disk is; some disks are on two instances at once.
func attachDisk(a *Account, region string, i, owner int, row obj) {
	at := instant(created(a, "ecs_disk", region, i))
	list := []obj{{"InstanceId": a.ID("ecs_instance", region, owner), "Device": "/dev/xvdb", "AttachedTime": at}}
	row["Status"], row["AttachedTime"] = "In_use", at
	row["InstanceId"], row["Device"] = a.ID("ecs_instance", region, owner), "/dev/xvdb"
	if instances := a.Count("ecs_instance", region); row["Category"] == "cloud_essd" && row["Type"] == "data" &&
		instances > 1 && chance(a, "ecs_disk", region, i, "shared", 8) {
		other := (owner + 1) % instances
		list = append(list, obj{"InstanceId": a.ID("ecs_instance", region, other), "Device": "/dev/xvdb", "AttachedTime": at})
		row["MultiAttach"], row["InstanceId"], row["Device"] = "Enabled", "", ""
	}
	row["Attachments"] = obj{"Attachment": list}
}

// Of every five rounds over the policies, disks of four have one; of every ten, disks of the first have a second.
func diskPolicy(a *Account, region string, i int) (int, bool) {
	policies := a.Count("ecs_auto_snapshot_policy", region)
	if policies == 0 {
		return 0, false
	}
	return i % policies, i/policies%5 < 4
}

func diskSecondPolicy(a *Account, region string, i int) (int, bool) {
	policies := a.Count("ecs_auto_snapshot_policy", region)
	if policies < 2 {
		return 0, false
	}
	return (i + 1) % policies, i/policies%10 == 0
}
