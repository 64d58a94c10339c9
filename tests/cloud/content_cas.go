// Certificate Management Service: one inventory on each site.
package main

import "strings"

const casKind = "cas_certificate"

// casStates: certificates that hold, that end soon, and that are over.
const casStates cycle = "vvevwvvevv"

// siteOf is which of the two sites is asked: their hosts say it, or a region.
func siteOf(c *Call) string {
	if c.Region == "" || strings.HasPrefix(c.Region, "cn-") && c.Region != "cn-hongkong" {
		return "cn-hangzhou"
	}
	return "ap-southeast-1"
}

var bothSites = []string{"cn-hangzhou", "ap-southeast-1"}

func day(days int) string { return started.AddDate(0, 0, days).Format("2006-01-02") }

func casRow(r res) obj {
	letter := casStates.of(r.i)
	end := 40 + r.roll("end", 350)
	status := "ISSUED"
	switch letter {
	case 'w':
		end, status = 3+r.roll("end", 25), "WILLEXPIRED"
	case 'e':
		end, status = -2-r.roll("end", 400), "EXPIRED"
	}
	name := "shop" + r.hex("name", 5) + ".example.com"
	number := 1000000 + 10*r.i
	if r.region != bothSites[0] {
		number++
	}
	return obj{"Name": "cert-" + r.hex("name", 5), "CertificateId": number, "InstanceId": r.id(), "CommonName": name,
		"Sans":      name + ",www." + name,
		"StartDate": day(end - 365), "EndDate": day(end), "Expired": letter == 'e', "Upload": r.chance("upload", 30), "Status": status,
		"Issuer":  "Example CA",
		"OrgName": "", "Country": "CN", "Province": "", "City": "", "Fingerprint": r.hex("print", 40), "SerialNo": r.hex("serial", 32),
		"Sha2":            r.hex("sha2", 64),
		"ResourceGroupId": "rg-acfmy", "CertStartTime": 0, "CertEndTime": 0}
}

func casList(c *Call) Answer {
	site := siteOf(c)
	everything := c.Account.Count(casKind, site)
	letters := "vw" // What is over is left out unless it is asked for.
	switch c.Params["Status"] {
	case "EXPIRED":
		letters = "e"
	case "WILLEXPIRED":
		letters = "w"
	case "ISSUED":
		letters = "v"
	}
	counts, total := map[byte]int{}, 0
	for k := range letters {
		counts[letters[k]] = casStates.count(letters[k], everything)
		total += counts[letters[k]]
	}
	first, last, number, size, bad := pageByNumber(c, total, "CurrentPage", "ShowSize", 50, 100)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := first; n < last; n++ {
		letter, at := letters[0], n
		if at >= counts[letter] {
			letter, at = letters[1], at-counts[letter]
		}
		list = append(list, casRow(res{c.Account, casKind, site, casStates.at(letter, at)}))
	}
	return Answer{JSON: obj{"CertificateOrderList": list, "TotalCount": total, "CurrentPage": number, "ShowSize": size}}
}

func init() {
	addKinds(&Kind{Name: casKind, Share: 1, Only: bothSites})
	addActions(&Action{Product: "cas", Version: "2020-04-07", Name: "ListUserCertificateOrder", Method: "POST", Global: true, Rate: 10,
		RAM: "yundun-cert:ListUserCertificateOrder",
		Params: []Param{takes("RegionId"), oneOf("OrderType", "CERT"), oneOf("Status", "ISSUED", "WILLEXPIRED", "EXPIRED"),
			anyPage("CurrentPage"), ranged("ShowSize", 1, 100)},
		Answer: casList})
}
