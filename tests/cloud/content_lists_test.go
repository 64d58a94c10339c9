package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// ask answers a call as the cloud does once the signature is verified.
func ask(t *testing.T, a *Account, product, name, region string, params map[string]string) Answer {
	t.Helper()
	action := actionNamed(product, name)
	if action == nil {
		t.Fatalf("no action %s:%s", product, name)
	}
	c := &Call{Account: a, Action: action, Region: region, Params: params}
	if bad := checkParams(c); bad != nil {
		return *bad
	}
	return action.Answer(c)
}

// fine is the answer as a client reads it.
func fine(t *testing.T, a *Account, product, name, region string, params map[string]string) map[string]interface{} {
	t.Helper()
	answer := ask(t, a, product, name, region, params)
	if answer.Code != "" {
		t.Fatalf("%s:%s %v: %s %s", product, name, params, answer.Code, answer.Message)
	}
	text, err := json.Marshal(answer.JSON)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]interface{}{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s:%s: %v", product, name, err)
	}
	return out
}

// at follows names joined by dots.
func at(v interface{}, path string) interface{} {
	for _, name := range strings.Split(path, ".") {
		object, ok := v.(map[string]interface{})
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

func testAccount(resources int) *Account { return newAccounts(1, resources, 4, 7)[0] }

// listing is a list with pages.
type listing struct {
	product, action, list, id, total string
	number, size                     string
	most                             int
	params                           map[string]string
	count                            func(a *Account, region string) int
	places                           func(a *Account) []string
}

func merged(parts ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, part := range parts {
		for name, value := range part {
			out[name] = value
		}
	}
	return out
}

func everyRegion(a *Account) []string { return a.Regions }
func everySite(a *Account) []string   { return bothSites }
func onePlace(a *Account) []string    { return []string{""} }

func of(kind string) func(a *Account, region string) int {
	return func(a *Account, region string) int { return a.Count(kind, region) }
}

func sorted(kind string, sort cycle, letters string) func(a *Account, region string) int {
	return func(a *Account, region string) int {
		n := 0
		for i := 0; i < a.Count(kind, region); i++ {
			if strings.IndexByte(letters, sort.of(i)) >= 0 {
				n++
			}
		}
		return n
	}
}

// webRules: a site without an instance has none.
func webRules(a *Account, site string) int {
	if a.Count(ddosKind, site) == 0 {
		return 0
	}
	return a.Count(ddosRuleKind, site)
}

func listings() []listing {
	number, size := "PageNumber", "PageSize"
	return []listing{
		{"dds", "DescribeDBInstances", "DBInstances.DBInstance", "DBInstanceId", "TotalCount", number, size, 30,
			map[string]string{"DBInstanceType": "replicate"}, sorted(ddsKind, ddsTypes, "r"), everyRegion},
		{"dds", "DescribeDBInstances", "DBInstances.DBInstance", "DBInstanceId", "TotalCount", number, size, 100,
			map[string]string{"DBInstanceType": "sharding"}, sorted(ddsKind, ddsTypes, "s"), everyRegion},
		{"dds", "DescribeDBInstances", "DBInstances.DBInstance", "DBInstanceId", "TotalCount", number, size, 50,
			map[string]string{"DBInstanceType": "serverless"}, sorted(ddsKind, ddsTypes, "v"), everyRegion},
		{"kvstore", "DescribeInstances", "Instances.KVStoreInstance", "InstanceId", "TotalCount", number, size, 50, nil, of(kvKind),
			everyRegion},
		{"polardb", "DescribeDBClusters", "Items.DBCluster", "DBClusterId", "TotalRecordCount", number, size, 30, nil, of(polarKind),
			everyRegion},
		{"gpdb", "DescribeDBInstances", "Items.DBInstance", "DBInstanceId", "TotalRecordCount", number, size, 30, nil, of(gpdbKind),
			everyRegion},
		{"cr", "ListInstance", "Instances", "InstanceId", "TotalCount", "PageNo", size, 3, nil, of(crKind), everyRegion},
		{"cas", "ListUserCertificateOrder", "CertificateOrderList", "InstanceId", "TotalCount", "CurrentPage", "ShowSize", 7,
			map[string]string{"OrderType": "CERT"}, sorted(casKind, casStates, "vw"), everySite},
		{"cas", "ListUserCertificateOrder", "CertificateOrderList", "CertificateId", "TotalCount", "CurrentPage", "ShowSize", 7,
			map[string]string{"OrderType": "CERT", "Status": "EXPIRED"}, sorted(casKind, casStates, "e"), everySite},
		{"cdn", "DescribeUserDomains", "Domains.PageData", "DomainName", "TotalCount", number, size, 20, nil, of(cdnKind), onePlace},
		{"cms", "DescribeMonitoringAgentHosts", "Hosts.Host", "InstanceId", "Total", number, size, 100,
			map[string]string{"AliyunHost": "true"}, of(cmsServers), onePlace},
		{"ddoscoo", "DescribeInstances", "Instances", "InstanceId", "TotalCount", number, size, 3, nil, of(ddosKind), everySite},
		{"ddoscoo", "DescribeWebRules", "WebRules", "Domain", "TotalCount", number, size, 10, nil, webRules, everySite},
	}
}

// walk reads all pages of a list, and checks each of them.
func walk(t *testing.T, a *Account, l listing, region string) []map[string]interface{} {
	t.Helper()
	rows := []map[string]interface{}{}
	seen := map[string]bool{}
	for page := 1; ; page++ {
		params := merged(l.params, map[string]string{l.number: strconv.Itoa(page), l.size: strconv.Itoa(l.most)})
		if needsRegion(l) {
			params["RegionId"] = region
		}
		answer := fine(t, a, l.product, l.action, region, params)
		list, ok := at(answer, l.list).([]interface{})
		if !ok {
			t.Fatalf("%s:%s has no %s: %v", l.product, l.action, l.list, answer)
		}
		for _, item := range list {
			row := item.(map[string]interface{})
			text, _ := json.Marshal(row[l.id])
			if row[l.id] == nil || seen[string(text)] {
				t.Fatalf("%s:%s: %s %s is not there or stands twice", l.product, l.action, l.id, text)
			}
			seen[string(text)] = true
			rows = append(rows, row)
		}
		total, _ := at(answer, l.total).(float64)
		if int(total) != l.count(a, region) {
			t.Fatalf("%s:%s in %q says %v of %d", l.product, l.action, region, total, l.count(a, region))
		}
		if len(list) < l.most {
			return rows
		}
	}
}

func needsRegion(l listing) bool {
	p := paramOf(actionNamed(l.product, l.action), "RegionId")
	return p != nil && p.Required
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	for _, resources := range []int{0, 40, 5000} {
		a := testAccount(resources)
		for _, l := range listings() {
			rows := 0
			for _, region := range l.places(a) {
				got := len(walk(t, a, l, region))
				if got != l.count(a, region) {
					t.Errorf("%s:%s in %q: %d of %d", l.product, l.action, region, got, l.count(a, region))
				}
				rows += got
			}
			if resources == 5000 && rows == 0 {
				t.Errorf("%s:%s: a large account has none", l.product, l.action)
			}
		}
	}
}

func TestPagesOfAnotherSizeAreRefused(t *testing.T) {
	a := testAccount(100)
	for _, product := range []string{"dds", "polardb", "gpdb"} {
		name := map[string]string{"dds": "DescribeDBInstances", "polardb": "DescribeDBClusters", "gpdb": "DescribeDBInstances"}[product]
		if answer := ask(t, a, product, name, a.Regions[0], map[string]string{"RegionId": a.Regions[0],
			"PageSize": "99"}); answer.Code == "" {
			t.Errorf("%s takes pages of 99", product)
		}
	}
	if answer := ask(t, a, "ddoscoo", "DescribeWebRules", "", map[string]string{"PageSize": "11"}); answer.Code == "" {
		t.Error("ddoscoo takes pages of 11")
	}
	if answer := ask(t, a, "ddoscoo", "DescribeInstances", "", map[string]string{"PageNumber": "1"}); answer.Code == "" {
		t.Error("ddoscoo takes a call without a size")
	}
}
