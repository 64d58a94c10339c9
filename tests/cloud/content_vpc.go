// Virtual Private Cloud: elastic addresses, NAT gateways and what they forward.
package main

import "strconv"

const vpcVersion = "2016-04-28"

func init() {
	addKinds(&Kind{Name: "vpc_eip", Share: 8}, &Kind{Name: "vpc_nat_gateway", Share: 1.5})
	addActions(
		vpcAction("DescribeEipAddresses", vpcEips, needs("RegionId"), takes("AllocationId"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100)),
		vpcAction("DescribeNatGateways", vpcNatGateways, needs("RegionId"), takes("NatGatewayId"),
			oneOf("NetworkType", "internet", "intranet"), ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 50)),
		vpcAction("DescribeForwardTableEntries", vpcForwards, needs("RegionId"), takes("NatGatewayId"), takes("ForwardTableId"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 50)),
	)
}

func vpcAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "vpc", Version: vpcVersion, Name: name, Method: "POST", Params: params, RAM: "vpc:" + name, Answer: answer}
}

// numbered answers a page of a list that is read by number.
func numbered(c *Call, total, def, max int, outer, inner string, row func(n int) obj) Answer {
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", def, max)
	if bad != nil {
		return *bad
	}
	rows := []obj{}
	for n := first; n < last; n++ {
		rows = append(rows, row(n))
	}
	return Answer{JSON: obj{"TotalCount": total, "PageNumber": number, "PageSize": size, outer: obj{inner: rows}}}
}

func eipAddress(a *Account, region string, e int) string {
	return publicAddress(a, 47, "vpc_eip", region, e)
}

// eipOwner tells what an elastic address is bound to: of every four, two are meant for instances, one for
// a NAT gateway and one for a private load balancer.
func eipOwner(a *Account, region string, e int) (kind, id, private string) {
	switch k := e / 4; e % 4 {
	case 0, 1:
		i := 2*k + e%4
		if i < a.Count("ecs_instance", region) && ecsInVpc(a, region, i) {
			return "EcsInstance", a.ID("ecs_instance", region, i), privateAddress(i)
		}
	case 2:
		if k < a.Count("vpc_nat_gateway", region) && !natIsPrivate(k) {
			return "Nat", a.ID("vpc_nat_gateway", region, k), ""
		}
	case 3:
		if k < a.Count("slb_load_balancer", region) && !slbIsPublic(a, region, k) {
			return "SlbInstance", a.ID("slb_load_balancer", region, k), slbAddress(a, region, k)
		}
	}
	return "", "", ""
}

func vpcEips(c *Call) Answer {
	total, at := chosen(c, "vpc_eip", "AllocationId")
	return numbered(c, total, 10, 100, "EipAddresses", "EipAddress", func(n int) obj { return vpcEip(c.Account, c.Region, at(n)) })
}

func vpcEip(a *Account, region string, e int) obj {
	kind, owner, private := eipOwner(a, region, e)
	status := "Available"
	if owner != "" {
		status = "InUse"
	}
	return obj{
		"AllocationId": a.ID("vpc_eip", region, e), "Name": "eip-" + base36(uint64(e), 4), "RegionId": region, "Status": status,
		"IpAddress": eipAddress(a, region, e), "InstanceId": owner, "InstanceType": kind, "InstanceRegionId": region,
		"PrivateIpAddress": private, "Bandwidth": "5", "EipBandwidth": "5", "InternetChargeType": "PayByTraffic", "ChargeType": "PostPaid",
		"ISP": "BGP", "AllocationTime": instant(created(a, "vpc_eip", region, e)), "BusinessStatus": "Normal", "Netmode": "public",
		"DeletionProtection": false, "ResourceGroupId": "", "Description": "", "OperationLocks": obj{"LockReason": []obj{}}, "Tags": obj{"Tag": []obj{}},
	}
}

// natIsPrivate: every eighth gateway serves the inside alone.
func natIsPrivate(g int) bool { return g%8 == 7 }

// natEip is the elastic address of a gateway.
func natEip(a *Account, region string, g int) (int, bool) {
	e := 4*g + 2
	return e, !natIsPrivate(g) && e < a.Count("vpc_eip", region)
}

func vpcNatGateways(c *Call) Answer {
	a, at := c.Account, func(n int) int { return n }
	total := a.Count("vpc_nat_gateway", c.Region)
	switch c.Params["NetworkType"] {
	case "internet":
		total, at = total-total/8, func(n int) int { return n/7*8 + n%7 }
	case "intranet":
		total, at = total/8, func(n int) int { return n*8 + 7 }
	}
	if id := c.Params["NatGatewayId"]; id != "" {
		total = 0
		if g, ok := findIn(a, "vpc_nat_gateway", c.Region, id); ok {
			total, at = 1, func(int) int { return g }
		}
	}
	return numbered(c, total, 10, 50, "NatGateways", "NatGateway", func(n int) obj { return vpcNatGateway(a, c.Region, at(n)) })
}

func vpcNatGateway(a *Account, region string, g int) obj {
	const kind = "vpc_nat_gateway"
	id := a.ID(kind, region, g)
	network, addresses := "internet", []obj{}
	if natIsPrivate(g) {
		network = "intranet"
	}
	if e, ok := natEip(a, region, g); ok {
		addresses = append(addresses, obj{"IpAddress": eipAddress(a, region, e), "AllocationId": a.ID("vpc_eip", region, e), "UsingStatus": "UsedByForwardTable"})
	}
	return obj{
		"NatGatewayId": id, "Name": "nat-" + base36(uint64(g), 3), "RegionId": region, "NetworkType": network, "Status": "Available",
		"VpcId": vpcID(a, region, g%vpcsPerRegion), "NatType": "Enhanced", "Spec": "", "BusinessStatus": "Normal", "InstanceChargeType": "PostPaid",
		"CreationTime": instant(created(a, kind, region, g)), "Description": "", "DeletionProtection": false, "ResourceGroupId": "",
		"ForwardTableIds": obj{"ForwardTableId": []string{childID("ftb-", id, 0)}},
		"SnatTableIds":    obj{"SnatTableId": []string{childID("stb-", id, 0)}}, "IpLists": obj{"IpList": addresses},
	}
}

// natForwards counts what a gateway forwards; without an address there is nothing.
func natForwards(a *Account, region string, g int) int {
	if _, ok := natEip(a, region, g); !ok {
		return 0
	}
	return []int{1, 0, 3, 2, 8, 64, 4, 0}[g%8]
}

func vpcForwards(c *Call) Answer {
	a, id, table := c.Account, c.Params["NatGatewayId"], c.Params["ForwardTableId"]
	if id == "" && table == "" {
		return Answer{Code: "MissingParameter", Message: "NatGatewayId or ForwardTableId is expected."}
	}
	g, ok := 0, false
	if id != "" {
		if g, ok = findIn(a, "vpc_nat_gateway", c.Region, id); !ok {
			return notFound("InvalidNatGatewayId.NotFound", "The specified NAT gateway does not exist.")
		}
	}
	if table != "" {
		of, n, found := childParent(a, "ftb-", "ngw-", "vpc_nat_gateway", c.Region, table)
		if !found || n != 0 || ok && of != g {
			return notFound("InvalidForwardTableId.NotFound", "The specified forwarding table does not exist.")
		}
		g = of
	}
	return numbered(c, natForwards(a, c.Region, g), 10, 50, "ForwardTableEntries", "ForwardTableEntry",
		func(n int) obj { return vpcForward(a, c.Region, g, n) })
}

func vpcForward(a *Account, region string, g, n int) obj {
	const kind = "vpc_nat_gateway"
	id := a.ID(kind, region, g)
	e, _ := natEip(a, region, g)
	salt := strconv.Itoa(n)
	protocol := "tcp"
	outside, inside := strconv.Itoa(10000+n), "8080"
	switch {
	case n == 0 && chance(a, kind, region, g, "all", 15):
		protocol, outside, inside = "any", "any", "any"
	case n == 0 && chance(a, kind, region, g, "admin", 40):
		outside = pick(a, kind, region, g, "outside", "22", "3389", "2222")
		inside = pick(a, kind, region, g, "inside", "22", "3389")
	case n == 0:
		outside, inside = "443", "8443"
	}
	target := privateAddress(10 + n)
	if instances := a.Count("ecs_instance", region); instances > 0 {
		target = privateAddress(roll(a, kind, region, g, "target"+salt, instances))
	}
	return obj{
		"ForwardEntryId": "fwd-" + hexOf(a, kind, region, g, "entry"+salt, 20), "ForwardEntryName": "forward-" + salt,
		"ForwardTableId": childID("ftb-", id, 0), "NatGatewayId": id, "ExternalIp": eipAddress(a, region, e), "ExternalPort": outside,
		"InternalIp": target, "InternalPort": inside, "IpProtocol": protocol, "Status": "Available",
	}
}
