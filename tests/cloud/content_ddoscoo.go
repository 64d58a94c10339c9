// Anti-DDoS Proxy: one inventory on each site; and the origins that this product and WAF forward to.
package main

import (
	"fmt"
	"strconv"
)

const (
	ddosVersion  = "2020-01-01"
	ddosKind     = "ddoscoo_instance"
	ddosRuleKind = "ddoscoo_web_rule"
)

// origins are one or two places that a rule forwards to: inside the VPC, a server of the account
// with its address on the Internet, somebody else's address, or a name.
func (r res) origins() []string {
	list := []string{}
	for n := 0; n <= r.roll("origins", 2); n++ {
		if origin := r.origin(n); !contains(list, origin) {
			list = append(list, origin)
		}
	}
	return list
}

func (r res) origin(n int) string {
	salt := "origin " + strconv.Itoa(n)
	switch r.roll(salt, 8) {
	case 0, 1:
		return privateAddress(r.i + n)
	case 2:
		return "origin." + r.hex(salt, 5) + ".example.com"
	case 3:
		return "198.51.100." + strconv.Itoa(1+r.roll(salt+" last", 250))
	}
	return r.ownAddress(salt)
}

// ddosInstances: an instance has rules only where there is one.
func ddosInstances(c *Call) Answer {
	site := siteOf(c)
	total := c.Account.Count(ddosKind, site)
	first, last, _, _, bad := pageByNumber(c, total, "PageNumber", "PageSize", 10, 50)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for i := first; i < last; i++ {
		r := res{c.Account, ddosKind, site, i}
		edition := 9
		if site != bothSites[0] {
			edition = r.roll("edition", 3)
		}
		list = append(list, obj{"InstanceId": r.id(), "Remark": "shield " + r.hex("name", 3), "Status": r.ddosStatus(), "Enabled": 1,
			"Edition": edition,
			"Ip":      publicAddress(r.a, 203, r.kind, site, i), "IpVersion": r.pick("ip version", "Ipv4", "Ipv4", "Ipv6"),
			"IpMode":     "fnat",
			"DebtStatus": 0,
			"CreateTime": millis(r.born()), "ExpireTime": millis(90)})
	}
	return Answer{JSON: obj{"Instances": list, "TotalCount": total}}
}

// ddosStatus: 1, or 2 once it is over.
func (r res) ddosStatus() int {
	if r.i > 0 && r.chance("over", 20) {
		return 2
	}
	return 1
}

func ddosWebRules(c *Call) Answer {
	site, total := siteOf(c), 0
	if c.Account.Count(ddosKind, site) > 0 {
		total = c.Account.Count(ddosRuleKind, site)
	}
	first, last, _, _, bad := pageByNumber(c, total, "PageNumber", "PageSize", 10, 10)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for i := first; i < last; i++ {
		r := res{c.Account, ddosRuleKind, site, i}
		servers := []obj{}
		for _, origin := range r.origins() {
			servers = append(servers, obj{"RealServer": origin, "RsType": rsType(origin)})
		}
		types := []obj{{"ProxyType": "http", "ProxyPorts": []string{"80"}}}
		switch r.roll("types", 4) {
		case 0:
			types = append(types, obj{"ProxyType": "https", "ProxyPorts": []string{"443", "8443"}})
		case 1:
			types = []obj{{"ProxyType": "https", "ProxyPorts": []string{"443"}}, {"ProxyType": "websockets",
				"ProxyPorts": []string{"443"}}}
		}
		name := domainOf(r)
		list = append(list, obj{"Domain": name, "Cname": r.hex("cname", 12) + ".aliyunddos1001.com",
			"ProxyEnabled": r.chance("proxy", 85), "ProxyTypes": types,
			"RealServers": servers, "Https2HttpEnable": r.chance("https to http", 25), "Http2HttpsEnable": false, "Http2Enable": true,
			"CcEnabled": true, "CcRuleEnabled": false,
			"CcTemplate": "default", "PolicyMode": "1", "SslProtocols": "tls1.2", "SslCiphers": "default", "Ssl13Enabled": true,
			"OcspEnabled": false, "PunishStatus": false,
			"PunishReason": 0, "CertName": "", "BlackList": []string{}, "WhiteList": []string{}})
	}
	return Answer{JSON: obj{"WebRules": list, "TotalCount": total}}
}

// rsType: 0 for an address, 1 for a name.
func rsType(origin string) int {
	if last := origin[len(origin)-1]; last >= '0' && last <= '9' {
		return 0
	}
	return 1
}

// ddosNetworkRules: up to a dozen for an instance, so that some need a second page.
func ddosNetworkRules(c *Call, r res) Answer {
	total := r.roll("rules", 13)
	first, last, _, _, bad := pageByNumber(c, total, "PageNumber", "PageSize", 10, 10)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := first; n < last; n++ {
		salt := fmt.Sprintf("rule %d ", n)
		port, _ := strconv.Atoi(r.pick(salt+"port", "80", "443", "53", "8080", "22"))
		origin := []string{r.ownAddress(salt + "origin")}
		if r.chance(salt+"private", 30) {
			origin = []string{privateAddress(n)}
		}
		list = append(list, obj{"InstanceId": r.id(), "Protocol": r.pick(salt+"protocol", "tcp", "tcp", "udp"), "FrontendPort": 1000 + n,
			"BackendPort": port,
			"RealServers": origin, "IsAutoCreate": r.chance(salt+"auto", 20), "Remark": ""})
	}
	return Answer{JSON: obj{"NetworkRules": list, "TotalCount": total}}
}

// ddosBackSource are the addresses that origins are reached from.
var ddosBackSource = map[string][]string{"Ipv4": {"47.97.128.0/24", "118.178.15.0/24"}, "Ipv6": {"2408:400a:3c::/56"}}

func ddosCidrs(c *Call) Answer {
	version := c.Params["IpVersion"]
	if version == "" {
		version = "Ipv4"
	}
	return Answer{JSON: obj{"Cidrs": ddosBackSource[version]}}
}

func init() {
	addKinds(&Kind{Name: ddosKind, Share: 0.3, Only: bothSites}, &Kind{Name: ddosRuleKind, Share: 1, Only: bothSites})
	page := []Param{takes("RegionId"), {Name: "PageNumber", Required: true, Min: 1, Max: pageNumberMax}}
	action := func(name string, rate float64, answer func(c *Call) Answer, params ...Param) *Action {
		return &Action{Product: "ddoscoo", Version: ddosVersion, Name: name, Method: "POST", Global: true, RAM: "yundun-ddoscoo:" + name,
			Rate: rate, Params: params, Answer: answer}
	}
	// The instance is looked for on the site that is asked.
	networkRules := func(c *Call) Answer {
		region, i, ok := c.Account.Find(ddosKind, c.Params["InstanceId"])
		if !ok || region != siteOf(c) {
			return Answer{Code: "InstanceNotExist", Message: "The instance does not exist."}
		}
		return ddosNetworkRules(c, res{c.Account, ddosKind, region, i})
	}
	addActions(
		action("DescribeInstances", 10, ddosInstances, append(page[:2:2], Param{Name: "PageSize", Required: true, Min: 1, Max: 50})...),
		action("DescribeWebRules", 50, ddosWebRules, takes("RegionId"), anyPage("PageNumber"),
			Param{Name: "PageSize", Required: true, Min: 1, Max: 10}),
		action("DescribeNetworkRules", 0, networkRules, append(page[:2:2], needs("InstanceId"),
			Param{Name: "PageSize", Required: true, Min: 1, Max: 10})...),
		action("DescribeBackSourceCidr", 0, ddosCidrs, takes("RegionId"), oneOf("IpVersion", "Ipv4", "Ipv6"), takes("Line")),
	)
}

// ownAddress is an address on the Internet of a server or a load balancer of the account; one
// inside, where none of a few has one.
func (r res) ownAddress(salt string) string {
	region := r.a.Regions[r.roll(salt+" region", len(r.a.Regions))]
	servers, balancers := r.a.Count("ecs_instance", region), r.a.Count("slb_load_balancer", region)
	for try := 0; try < 8; try++ {
		salt := salt + " own " + strconv.Itoa(try)
		if balancers > 0 && r.roll(salt+" sort", 2) == 0 {
			if n := r.roll(salt, balancers); slbIsPublic(r.a, region, n) {
				return slbAddress(r.a, region, n)
			}
		} else if servers > 0 {
			i := r.roll(salt, servers)
			if e, ok := ecsEip(r.a, region, i); ok {
				return eipAddress(r.a, region, e)
			}
			if address := ecsPublicAddress(r.a, region, i); address != "" {
				return address
			}
		}
	}
	return privateAddress(r.i)
}
