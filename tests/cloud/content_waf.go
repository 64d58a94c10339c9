// Web Application Firewall 3.0. The account has it on the site of the mainland, and 2.0 on the other.
package main

const (
	wafVersion = "2021-10-01"
	wafKind    = "waf_domain"
)

// wafInstance is the one instance of the site: "" without a domain.
func wafInstance(a *Account, kind, prefix, site string) string {
	if a.Count(kind, site) == 0 {
		return ""
	}
	return prefix + hexOf(a, kind, site, 0, "instance", 10)
}

func waf3At(c *Call) string {
	return wafInstance(c.Account, wafKind, "waf_v3prepaid_public_cn-", siteOf(c))
}

func wafDescribe(c *Call) Answer {
	id := waf3At(c)
	if id == "" {
		return Answer{JSON: obj{}}
	}
	return Answer{JSON: obj{"InstanceId": id, "Status": 1, "Edition": "default_version", "RegionId": siteOf(c), "PayType": "PREPAY",
		"InDebt": "1", "StartTime": millis(-300),
		"EndTime": millis(65), "Details": obj{"DomainMaxCount": 100, "CnameResourceMaxCount": 100}}}
}

// wafAsked refuses the calls that name no instance of the site.
func wafAsked(instance func(c *Call) string, answer func(c *Call) Answer) func(c *Call) Answer {
	return func(c *Call) Answer {
		if id := instance(c); id == "" || id != c.Params["InstanceId"] {
			return Answer{Code: "InstanceNotExist", Message: "The instance does not exist on this site."}
		}
		return answer(c)
	}
}

// wafStatus: 1 is in force; in 5 forwarding is off.
func (r res) wafStatus() int {
	if r.chance("forwarding off", 8) {
		return 5
	}
	return 1
}

func (r res) wafPorts() (http, https []int) {
	http, https = []int{}, []int{}
	sort := r.roll("ports", 4)
	if sort != 1 {
		http = append(http, 80)
	}
	if sort > 0 {
		https = append(https, 443)
	}
	if sort == 3 {
		http = append(http, 8080)
	}
	return
}

func wafDomains(c *Call) Answer {
	site := siteOf(c)
	total := c.Account.Count(wafKind, site)
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", 10, 50)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for i := first; i < last; i++ {
		r := res{c.Account, wafKind, site, i}
		http, https := r.wafPorts()
		backends := []obj{}
		for _, origin := range r.origins() {
			backends = append(backends, obj{"Backend": origin})
		}
		list = append(list, obj{"Domain": domainOf(r), "DomainId": domainOf(r) + "-waf", "Status": r.wafStatus(),
			"Cname":       r.hex("cname", 12) + ".c.yundunwaf3.com",
			"ListenPorts": obj{"Http": http, "Https": https}, "Backeds": obj{"Http": backends, "Https": backends},
			"ResourceManagerResourceGroupId": "rg-acfmy"})
	}
	return Answer{JSON: obj{"Domains": list, "TotalCount": total, "PageNumber": number, "PageSize": size}}
}

// wafDetail: the list of backends came later than the deprecated one, which old domains have alone.
func wafDetail(c *Call) Answer {
	r, ok := findDomain(c.Account, wafKind, siteOf(c), c.Params["Domain"])
	if !ok {
		return Answer{Code: "DomainNotExist", Message: "The domain is not connected to this instance."}
	}
	http, https := r.wafPorts()
	origins := r.origins()
	old := []obj{}
	for _, origin := range origins {
		old = append(old, obj{"Backend": origin})
	}
	redirect := obj{"Backends": old, "BackendList": origins, "BackUpBackendList": []string{}, "BackendPorts": []obj{},
		"Loadbalance": "iphash", "FocusHttpBackend": false,
		"ConnectTimeout": 5, "ReadTimeout": 120, "WriteTimeout": 120, "SniEnabled": false, "Retry": true, "Keepalive": true,
		"RequestHeaders": []obj{}}
	switch r.roll("redirect", 6) {
	case 0:
		redirect["BackendList"] = []string{}
	case 1:
		redirect["BackendList"], redirect["BackUpBackendList"] = origins[:1], origins[1:]
	case 2:
		redirect["BackendPorts"] = []obj{{"ListenPort": 80, "BackendPort": 8080, "Protocol": "http"}}
	}
	return Answer{JSON: obj{"Domain": domainOf(r), "DomainId": domainOf(r) + "-waf", "Cname": r.hex("cname", 12) + ".c.yundunwaf3.com",
		"Status": r.wafStatus(),
		"Listen": obj{"HttpPorts": http, "HttpsPorts": https, "Http2Enabled": false, "TLSVersion": "tlsv1.2", "CipherSuite": 1,
			"IPv6Enabled": false, "ProtectionResource": "share"},
		"Redirect": redirect, "ResourceManagerResourceGroupId": "rg-acfmy"}}
}

// What WAF reaches origins from, on either site and in both generations.
var (
	wafSourceV4 = []string{"39.96.158.0/24", "121.43.18.0/24"}
	wafSourceV6 = []string{"2408:400a:3c::/56"}
)

func wafSegments(c *Call) Answer {
	return Answer{JSON: obj{"WafSourceIp": obj{"IPv4": wafSourceV4, "IPv6": wafSourceV6}}}
}

func init() {
	addKinds(&Kind{Name: wafKind, Share: 1, Only: bothSites[:1]})
	site := oneOf("RegionId", bothSites...)
	action := func(name string, answer func(c *Call) Answer, params ...Param) *Action {
		return &Action{Product: "waf", Version: wafVersion, Name: name, Method: "POST", RAM: "yundun-waf:" + name,
			Params: append([]Param{site}, params...), Answer: answer}
	}
	addActions(
		action("DescribeInstance", wafDescribe),
		action("DescribeDomains", wafAsked(waf3At, wafDomains), needs("InstanceId"), anyPage("PageNumber"), ranged("PageSize", 1, 50)),
		action("DescribeDomainDetail", wafAsked(waf3At, wafDetail), needs("InstanceId"), needs("Domain")),
		action("DescribeWafSourceIpSegment", wafAsked(waf3At, wafSegments), needs("InstanceId")),
	)
}
