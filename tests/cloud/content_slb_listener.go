// Classic Load Balancer: listeners, the access control they have, certificates and logs.
package main

import (
	"strconv"
	"strings"
)

func init() {
	addKinds(&Kind{Name: "slb_server_certificate", Share: 1}, &Kind{Name: "slb_ca_certificate", Share: 0.3})
	addActions(
		slbAction("DescribeAccessControlListAttribute", slbACL, needs("RegionId"), needs("AclId"), takes("AclEntryComment"),
			ranged("Page", 1, 1<<30), ranged("PageSize", 1, 50)),
		slbAction("DescribeServerCertificates", slbServerCertificates, needs("RegionId"), takes("ServerCertificateId")),
		slbAction("DescribeCACertificates", slbCACertificates, needs("RegionId"), takes("CACertificateId")),
		slbAction("DescribeDomainExtensions", slbDomainExtensions, needs("RegionId"), needs("LoadBalancerId"),
			Param{Name: "ListenerPort", Required: true, Min: 1, Max: 65535}, takes("DomainExtensionId")),
		slbAction("DescribeAccessLogsDownloadAttribute", slbAccessLogs, needs("RegionId"), takes("LoadBalancerId"),
			oneOf("LogType", "layer7"), ranged("PageNumber", 1, 1<<30), ranged("PageSize", 1, 50)),
	)
}

// slbWanted are the load balancers of LoadBalancerId.N: at most ten.
func slbWanted(c *Call) (wanted []int, some bool, bad *Answer) {
	for name, id := range c.Params {
		if !strings.HasPrefix(name, "LoadBalancerId.") {
			continue
		}
		if n, _ := strconv.Atoi(name[len("LoadBalancerId."):]); n > 10 {
			return nil, true, &Answer{Code: "InvalidParameter", Message: "At most ten load balancers may be named."}
		}
		some = true
		if l, ok := findIn(c.Account, "slb_load_balancer", c.Region, id); ok {
			wanted = append(wanted, l)
		}
	}
	return wanted, some, nil
}

func slbListeners(c *Call) Answer {
	a := c.Account
	wanted, some, bad := slbWanted(c)
	if bad != nil {
		return *bad
	}
	protocol := c.Params["ListenerProtocol"]
	var chosen [][2]int
	total := listenersBefore(a.Count("slb_load_balancer", c.Region))
	if some || protocol != "" { // A choice has to be made by looking; it is for a few, or for tests.
		if !some {
			for l := 0; l < a.Count("slb_load_balancer", c.Region); l++ {
				wanted = append(wanted, l)
			}
		}
		for _, l := range wanted {
			for k := 0; k < slbListenerCount(l); k++ {
				if protocol == "" || slbFace(a, c.Region, l, k).protocol == protocol {
					chosen = append(chosen, [2]int{l, k})
				}
			}
		}
		total = len(chosen)
	}
	first, last, next, bad := pageByToken(c, total, "NextToken", "MaxResults", 20, 100)
	if bad != nil {
		return *bad
	}
	body := obj{"TotalCount": total, "MaxResults": last - first}
	rows := []obj{}
	for n := first; n < last; n++ {
		l, k := listenerAt(n)
		if chosen != nil {
			l, k = chosen[n][0], chosen[n][1]
		}
		rows = append(rows, slbListener(a, c.Region, l, k))
	}
	if total > 0 { // Where nothing matches the list is not there at all.
		body["Listeners"] = rows
	}
	if next != "" {
		body["NextToken"] = next
	}
	return Answer{JSON: body}
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func slbListener(a *Account, region string, l, k int) obj {
	const kind = "slb_load_balancer"
	face, salt, id := slbFace(a, region, l, k), strconv.Itoa(k), a.ID(kind, region, l)
	row := obj{
		"LoadBalancerId": id, "ListenerPort": face.port, "ListenerProtocol": face.protocol, "Status": "running",
		"BackendServerPort": slbInside(a, region, l, k), "Bandwidth": -1, "Scheduler": "wrr", "Description": face.protocol + "_" + strconv.Itoa(face.port),
		"AclStatus": "off", "Tags": []obj{},
	}
	if !slbRunning(a, region, l, k) {
		row["Status"] = "stopped"
	}
	config := obj{"HealthCheck": onOff(slbChecked(a, region, l, k)), "HealthCheckInterval": 5, "HealthyThreshold": 3, "UnhealthyThreshold": 3}
	switch slbTarget(a, region, l, k) {
	case toGroup:
		row["VServerGroupId"] = childID("rsp-", id, k)
		delete(row, "BackendServerPort")
	case toPair:
		config["MasterSlaveServerGroupId"] = childID("rsp-", id, pairNumber+k)
		delete(row, "BackendServerPort")
	}
	switch face.protocol {
	case "http":
		config["ListenerForward"] = onOff(chance(a, kind, region, l, "forward"+salt, 25))
		config["StickySession"], config["Gzip"] = "off", "on"
	case "https":
		config["ServerCertificateId"] = serverCertificateID(a, region, roll(a, kind, region, l, "cert"+salt, a.Count("slb_server_certificate", region)))
		config["TLSCipherPolicy"] = pick(a, kind, region, l, "tls"+salt, "tls_cipher_policy_1_0", "tls_cipher_policy_1_2")
		if count := a.Count("slb_ca_certificate", region); count > 0 && chance(a, kind, region, l, "ca"+salt, 20) {
			config["CACertificateId"] = caCertificateID(a, region, roll(a, kind, region, l, "whichca"+salt, count))
		}
	}
	row[strings.ToUpper(face.protocol)+"ListenerConfig"] = config
	slbAccess(a, region, l, k, row)
	return row
}

// slbAccess: six of ten listeners have a list, most of them a whitelist, some of them two lists. Some
// answers name the list in the older field alone.
func slbAccess(a *Account, region string, l, k int, row obj) {
	const kind = "slb_load_balancer"
	salt := strconv.Itoa(k)
	if !chance(a, kind, region, l, "acl"+salt, 60) {
		return
	}
	lists := slbACLs(a, region)
	first := roll(a, kind, region, l, "list"+salt, lists)
	row["AclStatus"], row["AclType"] = "on", "white"
	if chance(a, kind, region, l, "black"+salt, 15) {
		row["AclType"] = "black"
	}
	row["AclId"] = aclID(a, region, first)
	if chance(a, kind, region, l, "older"+salt, 10) {
		return
	}
	ids := []string{aclID(a, region, first)}
	if chance(a, kind, region, l, "two"+salt, 10) {
		ids = append(ids, aclID(a, region, (first+1)%lists))
	}
	row["AclIds"] = ids
}

// slbACLs is how many access control lists a region has: at least one of each sort.
func slbACLs(a *Account, region string) int { return 6 + a.Count("slb_load_balancer", region)/5 }

func aclID(a *Account, region string, n int) string { return partID(a, "acl-", "slb_acl", region, n) }

// backToOrigin are the addresses that the protection against attacks forwards from.
var backToOrigin = []string{"47.97.128.0/24", "118.178.15.0/24"}

// aclEntry is entry e of a list: the sorts of lists come by turns.
func aclEntry(n, e int) string {
	switch n % 6 {
	case 1:
		return "0.0.0.0/0"
	case 3:
		return "10." + strconv.Itoa(e/200) + "." + strconv.Itoa(e%200) + ".0/24"
	case 4:
		return []string{"0.0.0.0/1", "128.0.0.0/1"}[e]
	case 5:
		return backToOrigin[e]
	}
	return "203.0.113." + strconv.Itoa(e+1) + "/32"
}

func aclEntries(n int) int {
	return []int{3, 1, 0, 120, 2, len(backToOrigin)}[n%6]
}

func slbACL(c *Call) Answer {
	a, id := c.Account, c.Params["AclId"]
	n, ok := partIndex(a, "acl-", "slb_acl", c.Region, id, slbACLs(a, c.Region))
	if !ok {
		return notFound("AclNotExist", "The specified access control list does not exist.")
	}
	first, last, _, _, bad := pageByNumber(c, aclEntries(n), "Page", "PageSize", 50, 50)
	if bad != nil {
		return *bad
	}
	rows := []obj{}
	for e := first; e < last; e++ {
		rows = append(rows, obj{"AclEntryIP": aclEntry(n, e), "AclEntryComment": ""})
	}
	return Answer{JSON: obj{"AclId": id, "AclName": "list-" + strconv.Itoa(n), "AddressIPVersion": "ipv4", "TotalAclEntry": aclEntries(n),
		"ResourceGroupId": "", "AclEntrys": obj{"AclEntry": rows}, "RelatedListeners": obj{"RelatedListener": []obj{}}}}
}

func serverCertificateID(a *Account, region string, n int) string {
	return a.UID + "_" + a.ID("slb_server_certificate", region, n)[3:] + "_1_1"
}

func caCertificateID(a *Account, region string, n int) string {
	return a.UID + "_" + a.ID("slb_ca_certificate", region, n)[3:] + "_2_2"
}

// certificateDays is when a certificate ends, from today: a fifth has, some soon will.
func certificateDays(a *Account, kind, region string, n int) int {
	switch share := roll(a, kind, region, n, "ends", 100); {
	case share < 20:
		return -1 - share*9
	case share < 35:
		return 1 + share/2
	}
	return 60 + roll(a, kind, region, n, "days", 330)
}

func slbCertificate(a *Account, kind, region string, n int) obj {
	days := certificateDays(a, kind, region, n)
	return obj{
		"RegionId": region, "RegionIdAlias": region, "Fingerprint": hexOf(a, kind, region, n, "print", 40),
		"CommonName": pick(a, kind, region, n, "cn", "www", "api", "shop", "*") + ".example.com", "ExpireTime": instant(days), "ExpireTimeStamp": millis(days),
		"CreateTime": instant(days - 365), "CreateTimeStamp": millis(days - 365), "ResourceGroupId": "", "Tags": obj{"Tag": []obj{}},
	}
}

func slbServerCertificates(c *Call) Answer {
	const kind = "slb_server_certificate"
	a, rows := c.Account, []obj{}
	for n := 0; n < a.Count(kind, c.Region); n++ {
		id := serverCertificateID(a, c.Region, n)
		if only := c.Params["ServerCertificateId"]; only != "" && only != id {
			continue
		}
		row := slbCertificate(a, kind, c.Region, n)
		row["ServerCertificateId"], row["ServerCertificateName"] = id, "site-"+base36(uint64(n), 3)
		row["SubjectAlternativeNames"] = obj{"SubjectAlternativeName": []string{row["CommonName"].(string)}}
		row["IsAliCloudCertificate"], row["AliCloudCertificateId"], row["AliCloudCertificateName"] = 0, "", ""
		if chance(a, kind, c.Region, n, "cas", 30) {
			row["IsAliCloudCertificate"], row["AliCloudCertificateId"] = 1, strconv.Itoa(7000000+n)
			row["AliCloudCertificateName"] = "cert-" + strconv.Itoa(7000000+n)
		}
		rows = append(rows, row)
	}
	return Answer{JSON: obj{"ServerCertificates": obj{"ServerCertificate": rows}}}
}

func slbCACertificates(c *Call) Answer {
	const kind = "slb_ca_certificate"
	a, rows := c.Account, []obj{}
	for n := 0; n < a.Count(kind, c.Region); n++ {
		id := caCertificateID(a, c.Region, n)
		if only := c.Params["CACertificateId"]; only != "" && only != id {
			continue
		}
		row := slbCertificate(a, kind, c.Region, n)
		row["CACertificateId"], row["CACertificateName"] = id, "clients-"+base36(uint64(n), 3)
		rows = append(rows, row)
	}
	return Answer{JSON: obj{"CACertificates": obj{"CACertificate": rows}}}
}

func slbDomainExtensions(c *Call) Answer {
	a, rows := c.Account, []obj{}
	l, ok := findIn(a, "slb_load_balancer", c.Region, c.Params["LoadBalancerId"])
	if !ok {
		return notFound("InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId does not exist.")
	}
	for k := 0; k < slbListenerCount(l); k++ {
		face := slbFace(a, c.Region, l, k)
		if strconv.Itoa(face.port) != c.Params["ListenerPort"] {
			continue
		}
		if face.protocol != "https" {
			return Answer{Code: "ListenerProtocolNotSupport", Message: "Only HTTPS listeners have further domains."}
		}
		for n := 0; n < roll(a, "slb_load_balancer", c.Region, l, "domains"+strconv.Itoa(k), 3); n++ {
			certificate := (l + n) % a.Count("slb_server_certificate", c.Region)
			rows = append(rows, obj{"DomainExtensionId": childID("de-", a.ID("slb_load_balancer", c.Region, l), k*10+n),
				"Domain": "site" + strconv.Itoa(n) + ".example.com", "ServerCertificateId": serverCertificateID(a, c.Region, certificate)})
		}
		return Answer{JSON: obj{"DomainExtensions": obj{"DomainExtension": rows}}}
	}
	return notFound("ListenerNotFound", "The specified listener does not exist.")
}

// slbAccessLogs: every third load balancer writes an access log.
func slbAccessLogs(c *Call) Answer {
	a, only := c.Account, -1
	total := (a.Count("slb_load_balancer", c.Region) + 1) / 3
	if id := c.Params["LoadBalancerId"]; id != "" {
		total = 0
		if l, ok := findIn(a, "slb_load_balancer", c.Region, id); ok && l%3 == 1 {
			total, only = 1, l/3
		}
	}
	return numbered(c, total, 10, 50, "LogsDownloadAttributes", "LogsDownloadAttribute", func(n int) obj {
		if only >= 0 {
			n = only
		}
		return obj{"LoadBalancerId": a.ID("slb_load_balancer", c.Region, 3*n+1), "LogProject": "slb-logs-" + a.UID, "LogStore": "access",
			"LogType": "layer7", "Region": c.Region, "RoleName": "AliyunLogArchiveRole"}
	})
}
