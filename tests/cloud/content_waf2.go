// Web Application Firewall 2.0, on the site that was not moved to 3.0.
package main

import "strings"

const (
	waf2Version = "2019-09-10"
	waf2Kind    = "waf2_domain"
)

func waf2At(c *Call) string {
	return wafInstance(c.Account, waf2Kind, "waf_elasticity-cn-", siteOf(c))
}

func waf2Describe(c *Call) Answer {
	id := waf2At(c)
	if id == "" {
		return Answer{JSON: obj{"InstanceInfo": obj{"PayType": 0}}}
	}
	return Answer{JSON: obj{"InstanceInfo": obj{"InstanceId": id, "Status": 1, "Version": "version_3", "PayType": 1, "Region": siteOf(c),
		"RemainDay": 65,
		"EndDate":   millis(65) / 1000, "InDebt": 1, "Trial": 0, "SubscriptionType": "Subscription"}}}
}

func waf2Names(c *Call) Answer {
	site := siteOf(c)
	list := []string{}
	for i := 0; i < c.Account.Count(waf2Kind, site); i++ {
		list = append(list, domainOf(res{c.Account, waf2Kind, site, i}))
	}
	return Answer{JSON: obj{"DomainNames": list}}
}

func waf2Domain(c *Call) Answer {
	r, ok := findDomain(c.Account, waf2Kind, siteOf(c), c.Params["Domain"])
	if !ok {
		return Answer{Code: "DomainNotExist", Message: "The domain is not connected to this instance."}
	}
	http, https := r.wafPorts()
	domain := obj{"SourceIps": r.origins(), "HttpPort": http, "HttpsPort": https, "Http2Port": []int{},
		"AccessType": r.pick("access", "waf-cname", "waf-cname", "waf-cloud-native"),
		"Cname":      r.hex("cname", 12) + ".yundunwaf1.com", "Version": 1, "HttpToUserIp": 0, "IsAccessProduct": 0, "LoadBalancing": 0,
		"ClusterType":    0,
		"ConnectionTime": 5, "ReadTime": 120, "WriteTime": 120, "ResourceGroupId": "rg-acfmy", "LogHeaders": []obj{},
		"CloudNativeInstances": []obj{}}
	return Answer{JSON: obj{"Domain": domain}}
}

func waf2Segments(c *Call) Answer {
	return Answer{JSON: obj{"Ips": strings.Join(wafSourceV4, ","), "IpV6s": strings.Join(wafSourceV6, ",")}}
}

func init() {
	addKinds(&Kind{Name: waf2Kind, Share: 0.5, Only: bothSites[1:]})
	site := oneOf("RegionId", bothSites...)
	action := func(name string, answer func(c *Call) Answer, params ...Param) *Action {
		return &Action{Product: "waf2", Version: waf2Version, Name: name, Method: "POST", RAM: "yundun-waf:" + name,
			Params: append([]Param{site}, params...), Answer: answer}
	}
	addActions(
		action("DescribeInstanceInfo", waf2Describe),
		action("DescribeDomainNames", wafAsked(waf2At, waf2Names), needs("InstanceId")),
		action("DescribeDomain", wafAsked(waf2At, waf2Domain), needs("InstanceId"), needs("Domain")),
		action("DescribeWafSourceIpSegment", wafAsked(waf2At, waf2Segments), needs("InstanceId")),
	)
}
