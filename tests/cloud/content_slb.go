// Classic Load Balancer: instances, their listeners, and what is behind.
package main

import "strconv"

const slbVersion = "2014-05-15"

func init() {
	addKinds(&Kind{Name: "slb_load_balancer", Share: 5})
	addActions(
		slbAction("DescribeRegions", slbRegions, takes("AcceptLanguage")),
		slbAction("DescribeLoadBalancers", slbBalancers, needs("RegionId"), takes("LoadBalancerId"),
			ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 100)),
		slbAction("DescribeLoadBalancerListeners", slbListeners, needs("RegionId"), takes("NextToken"), ranged("MaxResults", 1, 100),
			Param{Name: "LoadBalancerId", Repeat: true}, oneOf("ListenerProtocol", "tcp", "udp", "http", "https")),
		slbAction("DescribeHealthStatus", slbHealth, needs("RegionId"), needs("LoadBalancerId"), ranged("ListenerPort", 1, 65535),
			oneOf("ListenerProtocol", "tcp", "udp", "http", "https")),
		slbAction("DescribeVServerGroupAttribute", slbServerGroup, needs("RegionId"), needs("VServerGroupId")),
		slbAction("DescribeMasterSlaveServerGroupAttribute", slbServerPair, needs("RegionId"), needs("MasterSlaveServerGroupId")),
	)
	actionNamed("slb", "DescribeRegions").Global = true
}

func slbAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "slb", Version: slbVersion, Name: name, Method: "POST", Params: params, RAM: "slb:" + name, Answer: answer}
}

func slbRegions(c *Call) Answer {
	var rows []obj
	for _, region := range c.Account.Regions {
		rows = append(rows, obj{"RegionId": region, "RegionEndpoint": "slb." + region + ".aliyuncs.com", "LocalName": regionName(region)})
	}
	return Answer{JSON: obj{"Regions": obj{"Region": rows}}}
}

func slbIsPublic(a *Account, region string, l int) bool {
	return chance(a, "slb_load_balancer", region, l, "public", 60)
}

// slbAddress is what the load balancer listens on: an address of the Internet, or one of its VPC.
func slbAddress(a *Account, region string, l int) string {
	if slbIsPublic(a, region, l) {
		return publicAddress(a, 8, "slb_load_balancer", region, l)
	}
	return privateAddress(l + 32000)
}

func slbStatus(a *Account, region string, l int) string {
	switch n := roll(a, "slb_load_balancer", region, l, "status", 100); {
	case n < 3:
		return "locked"
	case n < 9:
		return "inactive"
	}
	return "active"
}

func slbBalancers(c *Call) Answer {
	total, at := chosen(c, "slb_load_balancer", "LoadBalancerId")
	return numbered(c, total, 10, 100, "LoadBalancers", "LoadBalancer", func(n int) obj { return slbBalancer(c.Account, c.Region, at(n)) })
}

func slbBalancer(a *Account, region string, l int) obj {
	const kind = "slb_load_balancer"
	row := obj{
		"LoadBalancerId": a.ID(kind, region, l), "LoadBalancerName": pick(a, kind, region, l, "name", "web", "api", "mail", "game") + "-" + base36(uint64(l), 3),
		"LoadBalancerStatus": slbStatus(a, region, l), "Address": slbAddress(a, region, l), "AddressType": "intranet", "AddressIPVersion": "ipv4",
		"NetworkType": "vpc", "VpcId": vpcID(a, region, l%vpcsPerRegion), "VSwitchId": partID(a, "vsw-", "vswitch", region, l%vpcsPerRegion),
		"RegionId": region, "RegionIdAlias": region, "MasterZoneId": zoneOf(a, kind, region, l), "SlaveZoneId": zoneOf(a, kind, region, l+1),
		"CreateTime": minute(created(a, kind, region, l)), "CreateTimeStamp": millis(created(a, kind, region, l)), "PayType": "PayOnDemand",
		"InternetChargeType": "4", "InternetChargeTypeAlias": "paybytraffic", "Bandwidth": 5120, "LoadBalancerSpec": "slb.s1.small",
		"DeleteProtection": "off", "ModificationProtectionStatus": "NonProtection", "ResourceGroupId": "", "Tags": obj{"Tag": []obj{}},
	}
	if slbIsPublic(a, region, l) { // A public address is not of a VPC.
		row["AddressType"], row["NetworkType"], row["VpcId"], row["VSwitchId"] = "internet", "classic", "", ""
	}
	return row
}

// slbListenersOf is how many listeners load balancers have, by turns; slbTurn is their sum.
var slbListenersOf = [8]int{2, 3, 1, 0, 2, 1, 3, 2}

const slbTurn = 14

func slbListenerCount(l int) int { return slbListenersOf[l%len(slbListenersOf)] }

// listenersBefore counts the listeners of all load balancers below l.
func listenersBefore(l int) int {
	n := l / len(slbListenersOf) * slbTurn
	for _, count := range slbListenersOf[:l%len(slbListenersOf)] {
		n += count
	}
	return n
}

// listenerAt turns the number of a listener in its region into the load balancer and the listener's number there.
func listenerAt(n int) (l, k int) {
	l, n = n/slbTurn*len(slbListenersOf), n%slbTurn
	for _, count := range slbListenersOf {
		if n < count {
			break
		}
		n -= count
		l++
	}
	return l, n
}

type listener struct {
	protocol string
	port     int
}

// slbFace is what listener k of a load balancer listens on. Those of one load balancer never have the same port.
func slbFace(a *Account, region string, l, k int) listener {
	const kind = "slb_load_balancer"
	sorts := [3][]listener{
		{{"http", 80}, {"http", 8080}, {"tcp", 80}, {"http", 81}},
		{{"https", 443}, {"tcp", 443}, {"https", 8443}, {"https", 9443}},
		{{"tcp", 22}, {"tcp", 3306}, {"udp", 161}, {"tcp", 9000}, {"udp", 5140}, {"tcp", 6379}, {"tcp", 10022}, {"tcp", 25}},
	}
	sort := sorts[(k+roll(a, kind, region, l, "first", 3))%3]
	face := sort[roll(a, kind, region, l, "face"+strconv.Itoa(k), len(sort))]
	if face.protocol == "https" && a.Count("slb_server_certificate", region) == 0 {
		face.protocol = "tcp"
	}
	return face
}

func slbRunning(a *Account, region string, l, k int) bool {
	return !chance(a, "slb_load_balancer", region, l, "stopped"+strconv.Itoa(k), 8)
}

func slbChecked(a *Account, region string, l, k int) bool {
	return chance(a, "slb_load_balancer", region, l, "check"+strconv.Itoa(k), 85)
}

// A listener forwards to the load balancer's own servers, to a group, or to a pair of servers.
const (
	toServers = iota
	toGroup
	toPair
)

func slbTarget(a *Account, region string, l, k int) int {
	switch n := roll(a, "slb_load_balancer", region, l, "target"+strconv.Itoa(k), 10); {
	case n < 4:
		return toGroup
	case n < 5 && (slbFace(a, region, l, k).protocol == "tcp" || slbFace(a, region, l, k).protocol == "udp"):
		return toPair
	}
	return toServers
}

func slbInside(a *Account, region string, l, k int) int {
	face := slbFace(a, region, l, k)
	switch {
	case face.port == 10022:
		return 22
	case face.port == 443 || face.port == 8443 || face.port == 9443:
		return 8443
	case face.port == 80 || face.port == 8080 || face.port == 81:
		return 8080
	}
	return face.port
}

// slbServer is server s behind a listener or a load balancer; there are none where there are no instances.
func slbServer(a *Account, region string, l, s int) (id, ip string, ok bool) {
	instances := a.Count("ecs_instance", region)
	if instances == 0 {
		return "", "", false
	}
	i := (roll(a, "slb_load_balancer", region, l, "server", instances) + s) % instances
	return a.ID("ecs_instance", region, i), privateAddress(i), true
}

func slbServerCount(a *Account, region string, l int) int {
	return smaller(1+roll(a, "slb_load_balancer", region, l, "servers", 4), a.Count("ecs_instance", region))
}

func slbHealth(c *Call) Answer {
	a := c.Account
	l, ok := findIn(a, "slb_load_balancer", c.Region, c.Params["LoadBalancerId"])
	if !ok {
		return notFound("InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId does not exist.")
	}
	rows := []obj{}
	for k := 0; k < slbListenerCount(l); k++ {
		face := slbFace(a, c.Region, l, k)
		if port := c.Params["ListenerPort"]; port != "" && port != strconv.Itoa(face.port) || !slbRunning(a, c.Region, l, k) {
			continue
		}
		if protocol := c.Params["ListenerProtocol"]; protocol != "" && protocol != face.protocol {
			continue
		}
		count := slbServerCount(a, c.Region, l)
		if slbTarget(a, c.Region, l, k) == toPair {
			count = smaller(2, a.Count("ecs_instance", c.Region))
		}
		for s := 0; s < count; s++ {
			rows = append(rows, slbHealthOf(a, c.Region, l, k, s))
		}
	}
	return Answer{JSON: obj{"BackendServers": obj{"BackendServer": rows}}}
}

func slbHealthOf(a *Account, region string, l, k, s int) obj {
	id, ip, _ := slbServer(a, region, l, s)
	state := "normal"
	if !slbChecked(a, region, l, k) {
		state = "unavailable"
	} else if s == 0 && chance(a, "slb_load_balancer", region, l, "sick"+strconv.Itoa(k), 12) {
		state = "abnormal"
	}
	face := slbFace(a, region, l, k)
	return obj{"ServerId": id, "ServerIp": ip, "ListenerPort": face.port, "Port": slbInside(a, region, l, k), "Protocol": face.protocol,
		"Type": "ecs", "ServerHealthStatus": state}
}

func slbServerGroup(c *Call) Answer {
	a, id := c.Account, c.Params["VServerGroupId"]
	l, k, ok := childParent(a, "rsp-", "lb-", "slb_load_balancer", c.Region, id)
	if !ok || k >= slbListenerCount(l) || slbTarget(a, c.Region, l, k) != toGroup {
		return notFound("InvalidParameter", "The specified VServerGroupId does not exist.")
	}
	rows := []obj{}
	for s := 0; s < slbServerCount(a, c.Region, l); s++ {
		server, ip, _ := slbServer(a, c.Region, l, s)
		rows = append(rows, obj{"ServerId": server, "ServerIp": ip, "Port": slbInside(a, c.Region, l, k), "Weight": 100, "Type": "ecs",
			"Description": "", "VpcId": ""})
	}
	return Answer{JSON: obj{"VServerGroupId": id, "VServerGroupName": "group-" + strconv.Itoa(k), "LoadBalancerId": a.ID("slb_load_balancer", c.Region, l),
		"BackendServers": obj{"BackendServer": rows}}}
}

// Pairs have the numbers that no group has.
const pairNumber = 50

func slbServerPair(c *Call) Answer {
	a, id := c.Account, c.Params["MasterSlaveServerGroupId"]
	l, k, ok := childParent(a, "rsp-", "lb-", "slb_load_balancer", c.Region, id)
	if k -= pairNumber; !ok || k < 0 || k >= slbListenerCount(l) || slbTarget(a, c.Region, l, k) != toPair {
		return notFound("InvalidParameter", "The specified MasterSlaveServerGroupId does not exist.")
	}
	rows := []obj{}
	for s := 0; s < smaller(2, a.Count("ecs_instance", c.Region)); s++ {
		server, _, _ := slbServer(a, c.Region, l, s)
		rows = append(rows, obj{"ServerId": server, "Port": slbInside(a, c.Region, l, k), "Weight": 100, "Type": "ecs",
			"ServerType": []string{"Master", "Slave"}[s], "Description": ""})
	}
	return Answer{JSON: obj{"MasterSlaveServerGroupId": id, "MasterSlaveServerGroupName": "pair-" + strconv.Itoa(k),
		"LoadBalancerId": a.ID("slb_load_balancer", c.Region, l), "MasterSlaveBackendServers": obj{"MasterSlaveBackendServer": rows}}}
}
