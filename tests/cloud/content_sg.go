// Security groups: their rules, and the lists of prefixes and ports that rules refer to.
package main

import "strconv"

func init() {
	addActions(
		ecsAction("DescribeSecurityGroups", ecsSecurityGroups, needs("RegionId"), takes("SecurityGroupIds"),
			oneOf("IsQueryEcsCount", "true", "false"), ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100),
			takes("NextToken"), ranged("MaxResults", 1, 100)),
		ecsAction("DescribeSecurityGroupAttribute", ecsSecurityGroup, needs("RegionId"), needs("SecurityGroupId"),
			oneOf("Direction", "ingress", "egress", "all"), oneOf("NicType", "internet", "intranet"),
			takes("NextToken"), ranged("MaxResults", 10, 1000)),
		ecsAction("DescribePrefixListAttributes", ecsPrefixList, needs("RegionId"), needs("PrefixListId")),
		ecsAction("DescribePortRangeListEntries", ecsPortRangeList, needs("RegionId"), needs("PortRangeListId")),
	)
}

const vpcsPerRegion = 3

func vpcID(a *Account, region string, n int) string { return partID(a, "vpc-", "vpc", region, n) }

// sgVpc is the network of a group; "" for the few of the classic network.
func sgVpc(a *Account, region string, g int) string {
	if chance(a, "ecs_security_group", region, g, "classic", 4) {
		return ""
	}
	return vpcID(a, region, roll(a, "ecs_security_group", region, g, "vpc", vpcsPerRegion))
}

// sgSecond is the second group of some instances: the next group, where that is in the same network.
func sgSecond(a *Account, region string, i int) (int, bool) {
	groups := a.Count("ecs_security_group", region)
	if groups < 2 || i/groups%3 != 0 {
		return 0, false
	}
	next := (i + 1) % groups
	return next, sgVpc(a, region, i%groups) == sgVpc(a, region, next)
}

// sgInstances counts the instances of a group.
func sgInstances(a *Account, region string, g int) int {
	groups := a.Count("ecs_security_group", region)
	rounds := func(of int) int {
		if instances := a.Count("ecs_instance", region); of < instances {
			return (instances - of + groups - 1) / groups
		}
		return 0
	}
	count, before := rounds(g), (g+groups-1)%groups
	if _, ok := sgSecond(a, region, before); ok {
		count += (rounds(before) + 2) / 3
	}
	return count
}

func ecsSecurityGroups(c *Call) Answer {
	withCount := c.Params["IsQueryEcsCount"] == "true"
	return ecsList(c, "ecs_security_group", "SecurityGroupIds", "SecurityGroups", "SecurityGroup", 10, 100,
		func(a *Account, region string, g int) obj {
			const kind = "ecs_security_group"
			row := obj{
				"SecurityGroupId": a.ID(kind, region, g), "SecurityGroupName": sgName(a, region, g), "VpcId": sgVpc(a, region, g),
				"SecurityGroupType": "normal", "ServiceManaged": chance(a, kind, region, g, "managed", 6), "ServiceID": 0,
				"CreationTime": instant(created(a, kind, region, g)), "Description": "", "ResourceGroupId": "",
				"RuleCount": sgRuleCount(a, region, g), "AvailableInstanceAmount": 2000, "Tags": obj{"Tag": []obj{}},
			}
			if row["VpcId"] != "" && chance(a, kind, region, g, "enterprise", 20) {
				row["SecurityGroupType"] = "enterprise"
			}
			if withCount {
				row["EcsCount"] = sgInstances(a, region, g)
			}
			return row
		})
}

func sgName(a *Account, region string, g int) string {
	return pick(a, "ecs_security_group", region, g, "name", "web", "internal", "bastion", "k8s", "default") + "-" + base36(uint64(g), 3)
}

// sgRuleCount: most groups have few rules, one of a hundred has very many.
func sgRuleCount(a *Account, region string, g int) int {
	if chance(a, "ecs_security_group", region, g, "many", 1) {
		return 180
	}
	return 1 + roll(a, "ecs_security_group", region, g, "rules", 7)
}

// sgRule is what one incoming rule allows or drops.
type sgRule struct {
	policy, priority, protocol, ports, cidr, cidr6, prefixes, portList, group string
}

func accept(protocol, ports, cidr string) sgRule {
	return sgRule{policy: "Accept", priority: "1", protocol: protocol, ports: ports, cidr: cidr}
}

// sgSafe are rules that any group may have; sgOpen are those that let the Internet in where it should not be.
func sgSafe(a *Account, region string, g, n int) sgRule {
	const kind = "ecs_security_group"
	salt := strconv.Itoa(n)
	switch roll(a, kind, region, g, "safe"+salt, 8) {
	case 0:
		return accept("TCP", "443/443", "0.0.0.0/0")
	case 1:
		return accept("TCP", "22/22", "10.0.0.0/8")
	case 2:
		return sgRule{policy: "Accept", priority: "100", protocol: "ALL", ports: "-1/-1", group: a.ID(kind, region, g)}
	case 3:
		return accept("ICMP", "-1/-1", "0.0.0.0/0")
	case 4:
		return sgRule{policy: "Accept", priority: "1", protocol: "TCP", ports: "3306/3306", prefixes: prefixListID(a, region, 1)}
	case 5:
		return sgRule{policy: "Accept", priority: "1", protocol: "TCP", portList: portListID(a, region, 1), cidr: "0.0.0.0/0"}
	case 6:
		return sgRule{policy: "Drop", priority: "1", protocol: "TCP", ports: "3389/3389", cidr: "0.0.0.0/0"}
	}
	return accept("TCP", strconv.Itoa(8000+n)+"/"+strconv.Itoa(8000+n), "192.168.0.0/16")
}

func sgOpen(a *Account, region string, g, n int) sgRule {
	switch roll(a, "ecs_security_group", region, g, "open"+strconv.Itoa(n), 7) {
	case 0:
		return accept("TCP", "22/22", "0.0.0.0/0")
	case 1:
		return accept("ALL", "-1/-1", "0.0.0.0/0")
	case 2:
		return sgRule{policy: "Accept", priority: "1", protocol: "TCP", ports: "3389/3389", cidr6: "::/0"}
	case 3:
		return sgRule{policy: "Accept", priority: "1", protocol: "TCP", portList: portListID(a, region, 0), cidr: "0.0.0.0/0"}
	case 4:
		return sgRule{policy: "Accept", priority: "1", protocol: "TCP", ports: "6379/6379", prefixes: prefixListID(a, region, 0)}
	case 5:
		return accept("TCP", "1/65535", "0.0.0.0/0")
	}
	return accept("UDP", "161/161", "0.0.0.0/0")
}

// sgIngress is rule n of a group. Two of five groups have one that is open.
func sgIngress(a *Account, region string, g, n int) sgRule {
	if n == 0 && chance(a, "ecs_security_group", region, g, "isopen", 40) {
		return sgOpen(a, region, g, n)
	}
	return sgSafe(a, region, g, n)
}

func ecsSecurityGroup(c *Call) Answer {
	const kind = "ecs_security_group"
	a, id := c.Account, c.Params["SecurityGroupId"]
	g, ok := findIn(a, kind, c.Region, id)
	if !ok {
		return notFound("InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.")
	}
	nic := c.Params["NicType"]
	if nic == "" {
		nic = "intranet"
	}
	// Groups of a VPC have one set of rules, "intranet"; those of the classic network two.
	vpc := sgVpc(a, c.Region, g)
	incoming, outgoing := sgRuleCount(a, c.Region, g), 1
	if vpc != "" && nic == "internet" || vpc == "" && nic == "intranet" {
		incoming, outgoing = 0, 0
	}
	switch c.Params["Direction"] {
	case "ingress":
		outgoing = 0
	case "egress":
		incoming = 0
	}
	first, last, next, bad := pageByToken(c, incoming+outgoing, "NextToken", "MaxResults", 500, 1000)
	if bad != nil {
		return *bad
	}
	rows := []obj{}
	for n := first; n < last; n++ {
		if n < incoming {
			rows = append(rows, sgPermission(a, c.Region, g, n, nic, "ingress", sgIngress(a, c.Region, g, n)))
		} else {
			rows = append(rows, sgPermission(a, c.Region, g, n, nic, "egress", accept("ALL", "-1/-1", "")))
		}
	}
	return withToken(obj{"RegionId": c.Region, "SecurityGroupId": id, "SecurityGroupName": sgName(a, c.Region, g), "VpcId": vpc,
		"Description": "", "InnerAccessPolicy": "Accept", "Permissions": obj{"Permission": rows}}, next)
}

func sgPermission(a *Account, region string, g, n int, nic, direction string, r sgRule) obj {
	const kind = "ecs_security_group"
	row := obj{
		"SecurityGroupRuleId": "sgr-" + hexOf(a, kind, region, g, direction+strconv.Itoa(n), 20), "Direction": direction,
		"Policy": r.policy, "Priority": r.priority, "IpProtocol": r.protocol, "PortRange": r.ports, "PortRangeListId": r.portList,
		"PortRangeListName": "", "SourcePortRange": "", "SourceCidrIp": r.cidr, "Ipv6SourceCidrIp": r.cidr6,
		"SourcePrefixListId": r.prefixes, "SourcePrefixListName": "", "SourceGroupId": r.group, "SourceGroupName": "",
		"SourceGroupOwnerAccount": "", "DestCidrIp": "", "Ipv6DestCidrIp": "", "DestPrefixListId": "", "DestPrefixListName": "",
		"DestGroupId": "", "DestGroupName": "", "DestGroupOwnerAccount": "", "NicType": nic, "Description": "",
		"CreateTime": instant(created(a, kind, region, g)),
	}
	if direction == "egress" {
		row["DestCidrIp"] = "0.0.0.0/0"
	}
	return row
}

// Each region has a few prefix lists and port lists. The first of each opens what it is used for.
const listsPerRegion = 3

func prefixListID(a *Account, region string, n int) string {
	return partID(a, "pl-", "ecs_prefix_list", region, n)
}

func portListID(a *Account, region string, n int) string {
	return partID(a, "prl-", "ecs_port_range_list", region, n)
}

func ecsPrefixList(c *Call) Answer {
	id := c.Params["PrefixListId"]
	n, ok := partIndex(c.Account, "pl-", "ecs_prefix_list", c.Region, id, listsPerRegion)
	if !ok {
		return notFound("InvalidPrefixListId.NotFound", "The specified prefix list was not found.")
	}
	cidrs := [][]string{{"0.0.0.0/1", "128.0.0.0/1"}, {"100.64.0.0/10", "203.0.113.0/24"}, {"198.51.100.0/24"}}[n]
	rows := []obj{}
	for _, cidr := range cidrs {
		rows = append(rows, obj{"Cidr": cidr, "Description": ""})
	}
	return Answer{JSON: obj{"PrefixListId": id, "PrefixListName": "list-" + strconv.Itoa(n), "AddressFamily": "IPv4", "MaxEntries": 20,
		"Description": "", "CreationTime": instant(-300), "Entries": obj{"Entry": rows}}}
}

func ecsPortRangeList(c *Call) Answer {
	n, ok := partIndex(c.Account, "prl-", "ecs_port_range_list", c.Region, c.Params["PortRangeListId"], listsPerRegion)
	if !ok {
		return notFound("InvalidPortRangeListId.NotFound", "The specified port list was not found.")
	}
	rows := []obj{}
	for _, ports := range [][]string{{"22/22", "8000/8100"}, {"80/80", "443/443"}, {"8443/8443"}}[n] {
		rows = append(rows, obj{"PortRange": ports, "Description": ""})
	}
	return Answer{JSON: obj{"Entries": rows}}
}
