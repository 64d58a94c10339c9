package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRegionsAreThoseOfTheAccount(t *testing.T) {
	a := testAccount(100)
	for product, path := range map[string]string{"dds": "Regions.DdsRegion", "kvstore": "RegionIds.KVStoreRegion",
		"polardb": "Regions.Region", "gpdb": "Regions.Region"} {
		list := at(fine(t, a, product, "DescribeRegions", "", nil), path).([]interface{})
		for i, item := range list {
			if len(list) != len(a.Regions) || at(item, "RegionId") != a.Regions[i] {
				t.Fatalf("%s: %v", product, list)
			}
		}
	}
}

func TestCertificatesExpireOnTheirList(t *testing.T) {
	a := testAccount(5000)
	for _, status := range []string{"", "EXPIRED"} {
		answer := fine(t, a, "cas", "ListUserCertificateOrder", "", map[string]string{"OrderType": "CERT", "Status": status})
		for _, item := range at(answer, "CertificateOrderList").([]interface{}) {
			if at(item, "Expired") != (status == "EXPIRED") {
				t.Fatalf("status %q lists %v", status, item)
			}
			if end := at(item, "EndDate").(string); end < day(0) != (status == "EXPIRED") {
				t.Fatalf("status %q ends %s", status, end)
			}
		}
	}
}

func TestAgentsAreToldOfForTheIdsAlone(t *testing.T) {
	a := testAccount(1000)
	region := a.Regions[1]
	ids := []string{"i-unknown"}
	for i := 0; i < 10; i++ {
		ids = append(ids, a.ID(cmsServers, region, i))
	}
	answer := fine(t, a, "cms", "DescribeMonitoringAgentStatuses", "", map[string]string{"InstanceIds": strings.Join(ids, ",")})
	list := at(answer, "NodeStatusList.NodeStatus").([]interface{})
	if len(list) == 0 || len(list) > 10 {
		t.Fatalf("%d states for ten instances", len(list))
	}
	for _, item := range list {
		if id := at(item, "InstanceId").(string); !contains(ids[1:], id) {
			t.Errorf("%s was not asked for", id)
		}
	}
	states := map[string]int{}
	for i := 0; i < a.Count(cmsServers, region); i++ {
		states[res{a, cmsServers, region, i}.cmsState()]++
	}
	for _, state := range []string{"running", "stopped", "install_faild", "", "not_installed", "abnormal"} {
		if states[state] == 0 {
			t.Errorf("no agent is %q", state)
		}
	}
}

func TestDeliveriesBelongToDomains(t *testing.T) {
	a := testAccount(5000)
	list := at(fine(t, a, "cdn", "ListRealtimeLogDelivery", "", nil), "Content.RealtimeLogDeliveryInfo").([]interface{})
	listed := map[string]interface{}{}
	for _, item := range list {
		listed[at(item, "Domain").(string)] = at(item, "Status")
	}
	domains := walk(t, a, listings()[9], "")
	if len(domains) < 10 || len(listed) == 0 || len(listed) >= len(domains) {
		t.Fatalf("%d deliveries of %d domains", len(listed), len(domains))
	}
	for _, domain := range domains {
		name := domain["DomainName"].(string)
		answer := ask(t, a, "cdn", "DescribeDomainRealtimeLogDelivery", "", map[string]string{"Domain": name})
		if status, ok := listed[name]; ok != (answer.Code == "") || ok && answer.JSON.(obj)["Status"] != status {
			t.Errorf("%s: the list says %v, its own answer %v", name, listed[name], answer)
		}
	}
	if answer := ask(t, a, "cdn", "DescribeDomainRealtimeLogDelivery", "",
		map[string]string{"Domain": "www.example.com"}); answer.Code != "Domain.NotFound" {
		t.Errorf("a strange domain: %v", answer)
	}
	if actionNamed("cdn", "ListRealtimeLogDelivery").Method != "GET" || actionNamed("cr", "ListScanRule").Method != "GET" {
		t.Error("calls that take GET alone take more")
	}
}

// TestFirewallsStandOnOneSiteEach: 3.0 on the first, 2.0 on the other; neither answers for the other's.
func TestFirewallsStandOnOneSiteEach(t *testing.T) {
	a := testAccount(5000)
	for n, site := range bothSites {
		place := map[string]string{"RegionId": site}
		three, _ := fine(t, a, "waf", "DescribeInstance", site, place)["InstanceId"].(string)
		two, _ := at(fine(t, a, "waf2", "DescribeInstanceInfo", site, place), "InstanceInfo.InstanceId").(string)
		if (three != "") != (n == 0) || (two != "") != (n == 1) {
			t.Fatalf("%s: %q and %q", site, three, two)
		}
		if n == 0 {
			domains := walk(t, a, listing{"waf", "DescribeDomains", "Domains", "DomainId", "TotalCount", "PageNumber", "PageSize", 10,
				merged(place, map[string]string{"InstanceId": three}), of(wafKind), everySite}, site)
			for _, domain := range domains {
				detail := fine(t, a, "waf", "DescribeDomainDetail", site, merged(place, map[string]string{"InstanceId": three,
					"Domain": domain["Domain"].(string)}))
				if detail["DomainId"] != domain["DomainId"] || len(at(detail, "Redirect.Backends").([]interface{})) == 0 {
					t.Fatalf("%v", detail)
				}
			}
			if len(domains) == 0 || ask(t, a, "waf", "DescribeDomains", site, map[string]string{"InstanceId": "waf-1",
				"RegionId": site}).Code == "" ||
				ask(t, a, "waf", "DescribeDomainDetail", site, merged(place, map[string]string{"InstanceId": three,
					"Domain": "www.example.com"})).Code == "" {
				t.Error("no domain, or a strange instance or domain is answered for")
			}
			continue
		}
		own := merged(place, map[string]string{"InstanceId": two})
		names := fine(t, a, "waf2", "DescribeDomainNames", site, own)["DomainNames"].([]interface{})
		if len(names) != a.Count(waf2Kind, site) || len(names) == 0 {
			t.Fatalf("%d of %d domains", len(names), a.Count(waf2Kind, site))
		}
		for _, name := range names {
			if domain := fine(t, a, "waf2", "DescribeDomain", site,
				merged(own, map[string]string{"Domain": name.(string)})); len(at(domain, "Domain.SourceIps").([]interface{})) == 0 {
				t.Fatalf("%v", domain)
			}
		}
		if ask(t, a, "waf2", "DescribeDomain", site, merged(own, map[string]string{"Domain": "www.example.com"})).Code == "" {
			t.Error("a strange domain is answered for")
		}
	}
}

// TestOriginsAreOfTheAccount: enough of them lead to its servers and load balancers.
func TestOriginsAreOfTheAccount(t *testing.T) {
	a := testAccount(5000)
	own := map[string]bool{}
	for _, region := range a.Regions {
		for i := 0; i < a.Count("ecs_instance", region); i++ {
			own[ecsPublicAddress(a, region, i)] = true
		}
		for i := 0; i < a.Count("vpc_eip", region); i++ {
			own[eipAddress(a, region, i)] = true
		}
		for i := 0; i < a.Count("slb_load_balancer", region); i++ {
			own[slbAddress(a, region, i)] = true
		}
	}
	for _, kind := range []string{wafKind, ddosRuleKind} {
		found, all := 0, 0
		for _, site := range bothSites {
			for i := 0; i < a.Count(kind, site); i++ {
				for _, origin := range (res{a, kind, site, i}).origins() {
					all++
					if own[origin] {
						found++
					}
				}
			}
		}
		if found*4 < all || found == all || all == 0 {
			t.Errorf("%s: %d of %d origins are of the account", kind, found, all)
		}
	}
}

func TestDasTellsOfClustersOfEveryRegion(t *testing.T) {
	a := testAccount(5000)
	for _, region := range a.Regions {
		answer := fine(t, a, "das", "DescribeSqlLogConfig", "cn-shanghai", map[string]string{"RegionId": "cn-shanghai",
			"InstanceId": a.ID(polarKind, region, 0)})
		if _, ok := at(answer, "Data.SqlLogEnable").(bool); !ok {
			t.Errorf("%s: %v", region, answer)
		}
	}
	if ask(t, a, "das", "DescribeSqlLogConfig", "cn-hangzhou", map[string]string{"RegionId": "cn-hangzhou",
		"InstanceId": a.ID(polarKind, a.Regions[0], 0)}).Code == "" {
		t.Error("it answers outside its place")
	}
}

func TestAnswersStayAsTheyAre(t *testing.T) {
	for _, l := range listings() {
		first, second := testAccount(500), testAccount(500)
		for _, region := range l.places(first) {
			one, _ := json.Marshal(walk(t, first, l, region))
			two, _ := json.Marshal(walk(t, second, l, region))
			if string(one) != string(two) {
				t.Errorf("%s:%s is not the same twice", l.product, l.action)
			}
		}
	}
}
