// CDN: accelerated domains, and the real-time delivery of their logs.
package main

import "strings"

const (
	cdnVersion = "2018-05-10"
	cdnKind    = "cdn_domain"
	cdnRate    = 100
)

// domainOf is the name of a domain, which is its id written another way.
func domainOf(r res) string { return strings.TrimPrefix(r.id(), idPrefix(r.kind)) + ".example.com" }

// findDomain reads it back.
func findDomain(a *Account, kind, site, name string) (res, bool) {
	name = strings.ToLower(name)
	region, i, ok := a.Find(kind, idPrefix(kind)+strings.TrimSuffix(name, ".example.com"))
	return res{a, kind, region, i}, ok && region == site && strings.HasSuffix(name, ".example.com")
}

func cdnRow(r res) obj {
	name := domainOf(r)
	return obj{"DomainName": name, "DomainId": 1000 + r.i, "Cname": name + ".w.kunlunsl.com",
		"CdnType":      r.pick("type", "web", "download", "video"),
		"DomainStatus": r.pick("status", "online", "online", "online", "online", "online", "offline", "configuring"),
		"Coverage":     r.pick("coverage", "domestic", "global", "overseas"),
		"GmtCreated":   instant(r.born()), "GmtModified": instant(-1), "Description": "", "SslProtocol": r.pick("ssl", "on", "off"),
		"ResourceGroupId": "rg-acfmy", "Sandbox": "normal",
		"Sources": obj{"Source": []obj{{"Type": "domain", "Content": "origin." + name, "Port": 80, "Priority": "20", "Weight": "10"}}}}
}

func cdnDomains(c *Call) Answer {
	total := c.Account.Count(cdnKind, "")
	first, last, number, size, bad := pageByNumber(c, total, "PageNumber", "PageSize", 20, 500)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for i := first; i < last; i++ {
		list = append(list, cdnRow(res{c.Account, cdnKind, "", i}))
	}
	return Answer{JSON: obj{"Domains": obj{"PageData": list}, "TotalCount": total, "PageNumber": number, "PageSize": size}}
}

// cdnDelivery is whether the logs of a domain go to Log Service: "" where that was never set up.
func (r res) cdnDelivery() string { return r.pick("delivery", "online", "online", "offline", "") }

func cdnLog(r res, row obj) obj {
	row["Status"], row["Project"], row["Logstore"], row["Region"] = r.cdnDelivery(), "cdn-logs", "store-"+r.hex("store", 2), "cn-hangzhou"
	return row
}

// cdnDeliveries has no pages: all of them come at once.
func cdnDeliveries(c *Call) Answer {
	list := []obj{}
	for i := 0; i < c.Account.Count(cdnKind, ""); i++ {
		if r := (res{c.Account, cdnKind, "", i}); r.cdnDelivery() != "" {
			list = append(list, cdnLog(r, obj{"Domain": domainOf(r), "DmId": i + 1}))
		}
	}
	return Answer{JSON: obj{"Content": obj{"RealtimeLogDeliveryInfo": list}}}
}

func cdnDelivery(c *Call) Answer {
	r, ok := findDomain(c.Account, cdnKind, "", c.Params["Domain"])
	if !ok || r.cdnDelivery() == "" {
		return notFound("Domain.NotFound", "The domain has no real-time log delivery.")
	}
	return Answer{JSON: cdnLog(r, obj{})}
}

func init() {
	addKinds(&Kind{Name: cdnKind, Share: 3, Only: []string{""}})
	addActions(
		&Action{Product: "cdn", Version: cdnVersion, Name: "DescribeUserDomains", Method: "POST", Global: true,
			RAM: "cdn:DescribeUserDomains", Rate: cdnRate,
			Params: []Param{anyPage("PageNumber"), ranged("PageSize", 1, 500)}, Answer: cdnDomains},
		&Action{Product: "cdn", Version: cdnVersion, Name: "ListRealtimeLogDelivery", Method: "GET", Global: true,
			RAM: "cdn:ListRealtimeLogDelivery", Rate: cdnRate,
			Answer: cdnDeliveries},
		&Action{Product: "cdn", Version: cdnVersion, Name: "DescribeDomainRealtimeLogDelivery", Method: "GET", Global: true,
			RAM: "cdn:DescribeDomainRealtimeLogDelivery", Rate: cdnRate, Params: []Param{needs("Domain")}, Answer: cdnDelivery},
	)
}
