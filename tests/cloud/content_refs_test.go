package main

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

type fields = map[string]interface{}

// scroll is a list that is read by tokens.
type scroll struct {
	product, action, list, id, token, next, size string
	most                                         int
	params                                       map[string]string
	count                                        func(a *Account, region string) int
	places                                       func(a *Account) []string
}

func scrolls() []scroll {
	token, size := "NextToken", "MaxResults"
	region := func(product, action, list, id string, most int, count func(*Account, string) int) scroll {
		return scroll{product, action, list, id, token, token, size, most, nil, count, everyRegion}
	}
	return []scroll{
		region("ecs", "DescribeInstances", "Instances.Instance", "InstanceId", 7, of("ecs_instance")),
		region("ecs", "DescribeDisks", "Disks.Disk", "DiskId", 10, of("ecs_disk")),
		region("ecs", "DescribeSecurityGroups", "SecurityGroups.SecurityGroup", "SecurityGroupId", 9, of("ecs_security_group")),
		region("rds", "DescribeDBInstances", "Items.DBInstance", "DBInstanceId", 4, of(rdsKind)),
		region("slb", "DescribeLoadBalancerListeners", "Listeners", "", 6, func(a *Account, region string) int {
			return listenersBefore(a.Count("slb_load_balancer", region))
		}),
		{"ims", "ListUserBasicInfos", "UserBasicInfos.UserBasicInfo", "UserPrincipalName", "Marker", "Marker", "MaxItems", 5,
			map[string]string{"Status": "active"}, sorted(userKind, userStates, "a"), onePlace},
		{"ims", "ListUserBasicInfos", "UserBasicInfos.UserBasicInfo", "UserPrincipalName", "Marker", "Marker", "MaxItems", 5,
			map[string]string{"Status": "active,freeze"}, of(userKind), onePlace},
		{"sas", "DescribeCloudCenterInstances", "Instances", "InstanceId", token, "PageInfo.NextToken", "PageSize", 11,
			map[string]string{"UseNextToken": "true", "MachineTypes": "ecs", "Flags": "0"}, sasCount,
			func(*Account) []string { return []string{"cn-shanghai", "ap-southeast-1"} }},
	}
}

func sasCount(a *Account, site string) int {
	count := 0
	for _, region := range a.Regions {
		if strings.HasPrefix(region, "cn-") == (site == "cn-shanghai") {
			count += sasKnown(a, region)
		}
	}
	return count
}

// unroll reads a list to its end.
func unroll(t *testing.T, a *Account, s scroll, region string) []fields {
	t.Helper()
	var rows []fields
	params := merged(s.params, map[string]string{s.size: strconv.Itoa(s.most)})
	if p := paramOf(actionNamed(s.product, s.action), "RegionId"); p != nil && p.Required {
		params["RegionId"] = region
	}
	for pages := 0; pages < 10000; pages++ {
		answer := fine(t, a, s.product, s.action, region, params)
		list, _ := at(answer, s.list).([]interface{})
		for _, item := range list {
			rows = append(rows, item.(fields))
		}
		next, _ := at(answer, s.next).(string)
		if next == "" {
			return rows
		}
		if len(list) != s.most {
			t.Fatalf("%s:%s has a page of %d before the last", s.product, s.action, len(list))
		}
		params[s.token] = next
	}
	t.Fatalf("%s:%s has no end", s.product, s.action)
	return nil
}

func TestTokensLeadThroughEverythingOnce(t *testing.T) {
	for _, resources := range []int{0, 40, 3000} {
		a := testAccount(resources)
		for _, s := range scrolls() {
			for _, region := range s.places(a) {
				rows, seen := unroll(t, a, s, region), map[string]bool{}
				for _, row := range rows {
					id := fmt.Sprint(row[s.id])
					if s.id == "" {
						id = fmt.Sprint(row["LoadBalancerId"], " ", row["ListenerPort"])
					}
					if seen[id] {
						t.Fatalf("%s:%s has %s twice", s.product, s.action, id)
					}
					seen[id] = true
				}
				if want := s.count(a, region); len(rows) != want {
					t.Errorf("%s:%s in %q: %d of %d", s.product, s.action, region, len(rows), want)
				}
			}
		}
	}
}

func coreListings() []listing {
	number, size := "PageNumber", "PageSize"
	return []listing{
		{"ecs", "DescribeAutoSnapshotPolicyEx", "AutoSnapshotPolicies.AutoSnapshotPolicy", "AutoSnapshotPolicyId", "TotalCount", number, size, 2,
			nil, of("ecs_auto_snapshot_policy"), everyRegion},
		{"slb", "DescribeLoadBalancers", "LoadBalancers.LoadBalancer", "LoadBalancerId", "TotalCount", number, size, 7, nil,
			of("slb_load_balancer"), everyRegion},
		{"slb", "DescribeAccessLogsDownloadAttribute", "LogsDownloadAttributes.LogsDownloadAttribute", "LoadBalancerId", "TotalCount", number,
			size, 3, nil, func(a *Account, region string) int { return (a.Count("slb_load_balancer", region) + 1) / 3 }, everyRegion},
		{"vpc", "DescribeEipAddresses", "EipAddresses.EipAddress", "AllocationId", "TotalCount", number, size, 7, nil, of("vpc_eip"),
			everyRegion},
		{"vpc", "DescribeNatGateways", "NatGateways.NatGateway", "NatGatewayId", "TotalCount", number, size, 3,
			map[string]string{"NetworkType": "internet"}, sorted("vpc_nat_gateway", "iiiiiiip", "i"), everyRegion},
		{"vpc", "DescribeNatGateways", "NatGateways.NatGateway", "NatGatewayId", "TotalCount", number, size, 3,
			map[string]string{"NetworkType": "intranet"}, sorted("vpc_nat_gateway", "iiiiiiip", "p"), everyRegion},
		{"rds", "DescribeDBInstances", "Items.DBInstance", "DBInstanceId", "TotalRecordCount", number, size, 7, nil, of(rdsKind), everyRegion},
	}
}

func TestNumbersLeadThroughEverythingOnce(t *testing.T) {
	for _, resources := range []int{0, 40, 3000} {
		a := testAccount(resources)
		for _, l := range coreListings() {
			for _, region := range l.places(a) {
				if got, want := len(walk(t, a, l, region)), l.count(a, region); got != want {
					t.Errorf("%s:%s in %q: %d of %d", l.product, l.action, region, got, want)
				}
			}
		}
	}
}

// list is what one call says, all of it.
func list(t *testing.T, a *Account, product, name, region, path string, params map[string]string) []interface{} {
	t.Helper()
	items, _ := at(fine(t, a, product, name, region, merged(params, map[string]string{"RegionId": region})), path).([]interface{})
	return items
}

func scrollNamed(action string) scroll {
	for _, s := range scrolls() {
		if s.action == action {
			return s
		}
	}
	panic(action)
}

func TestInstancesAreInTheirGroupsAndGroupsCountThem(t *testing.T) {
	a := testAccount(3000)
	for _, region := range a.Regions {
		members := map[string]int{}
		networks := map[string]interface{}{}
		s := scrollNamed("DescribeSecurityGroups")
		s.params = map[string]string{"IsQueryEcsCount": "true"}
		groups := unroll(t, a, s, region)
		for _, group := range groups {
			networks[group["SecurityGroupId"].(string)] = group["VpcId"]
		}
		for _, instance := range unroll(t, a, scrollNamed("DescribeInstances"), region) {
			for _, id := range at(instance, "SecurityGroupIds.SecurityGroupId").([]interface{}) {
				members[id.(string)]++
				if network, ok := networks[id.(string)]; !ok || network != at(instance, "VpcAttributes.VpcId") {
					t.Fatalf("%v is not in the network of its group %v", instance["InstanceId"], id)
				}
			}
		}
		for _, group := range groups {
			if id := group["SecurityGroupId"].(string); int(group["EcsCount"].(float64)) != members[id] {
				t.Errorf("%s counts %v instances, %d say they are in it", id, group["EcsCount"], members[id])
			}
		}
	}
}

func TestDisksAndPoliciesAgreeAboutEachOther(t *testing.T) {
	for _, resources := range []int{100, 350, 600, 850, 1100, 1350, 6000} {
		a := testAccount(resources)
		for _, region := range a.Regions {
			policiesAgree(t, a, region)
		}
	}
}

func policiesAgree(t *testing.T, a *Account, region string) {
	path := "AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation"
	byDisk := map[string]bool{}
	for _, disk := range unroll(t, a, scrollNamed("DescribeDisks"), region) {
		for _, at := range at(disk, "Attachments.Attachment").([]interface{}) {
			if _, _, ok := a.Find("ecs_instance", at.(fields)["InstanceId"].(string)); !ok {
				t.Fatalf("%v is attached to nothing", disk["DiskId"])
			}
		}
		id := disk["DiskId"].(string)
		pairs := list(t, a, "ecs", "DescribeAutoSnapshotPolicyAssociations", region, path, map[string]string{"DiskId": id})
		for _, pair := range pairs {
			byDisk[pair.(fields)["AutoSnapshotPolicyId"].(string)+" "+id] = true
		}
		if policy := disk["AutoSnapshotPolicyId"]; policy != "" && !byDisk[policy.(string)+" "+id] {
			t.Fatalf("%s does not know its policy", id)
		}
	}
	count := 0
	for _, policy := range list(t, a, "ecs", "DescribeAutoSnapshotPolicyEx", region, "AutoSnapshotPolicies.AutoSnapshotPolicy",
		map[string]string{"PageSize": "100"}) {
		id := policy.(fields)["AutoSnapshotPolicyId"].(string)
		s := scroll{"ecs", "DescribeAutoSnapshotPolicyAssociations", path, "DiskId", "NextToken", "NextToken", "MaxResults", 3,
			map[string]string{"AutoSnapshotPolicyId": id}, nil, nil}
		pairs := unroll(t, a, s, region)
		for _, pair := range pairs {
			if !byDisk[id+" "+pair["DiskId"].(string)] {
				t.Fatalf("%s claims %v", id, pair["DiskId"])
			}
		}
		if count += len(pairs); len(pairs) != int(policy.(fields)["DiskNums"].(float64)) {
			t.Errorf("%s counts %v disks of %d", id, policy.(fields)["DiskNums"], len(pairs))
		}
	}
	if count != len(byDisk) {
		t.Errorf("disks know %d policies, policies %d disks", len(byDisk), count)
	}
}

func TestElasticAddressesAreWhereTheyAreSaidToBe(t *testing.T) {
	a := testAccount(3000)
	kinds := map[string]int{}
	for _, region := range a.Regions {
		bound := map[string]string{} // Address by owner.
		for _, eip := range walk(t, a, coreListings()[3], region) {
			kinds[fmt.Sprint(eip["InstanceType"])]++
			if eip["InstanceId"] != "" {
				bound[eip["InstanceId"].(string)] = eip["IpAddress"].(string)
			} else if eip["Status"] != "Available" {
				t.Fatalf("%v is in use by nobody", eip["AllocationId"])
			}
		}
		for _, instance := range unroll(t, a, scrollNamed("DescribeInstances"), region) {
			if got := at(instance, "EipAddress.IpAddress"); got != bound[instance["InstanceId"].(string)] {
				t.Fatalf("%v has %v, and %q is bound to it", instance["InstanceId"], got, bound[instance["InstanceId"].(string)])
			}
		}
		for _, gateway := range walk(t, a, coreListings()[4], region) {
			id := gateway["NatGatewayId"].(string)
			if gateway["NetworkType"] != "internet" {
				t.Fatalf("%s is private", id)
			}
			for _, entry := range list(t, a, "vpc", "DescribeForwardTableEntries", region, "ForwardTableEntries.ForwardTableEntry",
				map[string]string{"NatGatewayId": id, "PageSize": "50"}) {
				if ip := entry.(fields)["ExternalIp"]; ip != bound[id] || ip == "" {
					t.Fatalf("%s forwards from %v, and has %q", id, ip, bound[id])
				}
			}
		}
	}
	for _, kind := range []string{"EcsInstance", "Nat", "SlbInstance", ""} {
		if kinds[kind] == 0 {
			t.Errorf("no address is bound to a %q", kind)
		}
	}
}

func TestListenersReferToWhatThereIs(t *testing.T) {
	a := testAccount(4000)
	asked := map[string]int{}
	for _, region := range a.Regions {
		for _, l := range unroll(t, a, scrollNamed("DescribeLoadBalancerListeners"), region) {
			id := l["LoadBalancerId"].(string)
			config := l[strings.ToUpper(l["ListenerProtocol"].(string))+"ListenerConfig"].(fields)
			ask := func(name, param string, value interface{}, path string) {
				if value == nil || value == "" {
					return
				}
				asked[name]++
				for _, item := range list(t, a, "slb", name, region, path, map[string]string{param: value.(string)}) {
					if server := item.(fields)["ServerId"]; server != nil {
						if _, _, ok := a.Find("ecs_instance", server.(string)); !ok {
							t.Fatalf("%s %v: no server %v", name, value, server)
						}
					}
				}
			}
			ask("DescribeAccessControlListAttribute", "AclId", l["AclId"], "AclEntrys.AclEntry")
			ask("DescribeVServerGroupAttribute", "VServerGroupId", l["VServerGroupId"], "BackendServers.BackendServer")
			ask("DescribeMasterSlaveServerGroupAttribute", "MasterSlaveServerGroupId", config["MasterSlaveServerGroupId"],
				"MasterSlaveBackendServers.MasterSlaveBackendServer")
			ask("DescribeServerCertificates", "ServerCertificateId", config["ServerCertificateId"], "ServerCertificates.ServerCertificate")
			ask("DescribeCACertificates", "CACertificateId", config["CACertificateId"], "CACertificates.CACertificate")
			asked["DescribeHealthStatus"] += len(list(t, a, "slb", "DescribeHealthStatus", region, "BackendServers.BackendServer",
				map[string]string{"LoadBalancerId": id, "ListenerPort": fmt.Sprint(l["ListenerPort"])}))
			if l["ListenerProtocol"] == "https" {
				asked["https"]++
				list(t, a, "slb", "DescribeDomainExtensions", region, "DomainExtensions.DomainExtension",
					map[string]string{"LoadBalancerId": id, "ListenerPort": fmt.Sprint(l["ListenerPort"])})
			}
		}
	}
	for _, what := range []string{"DescribeAccessControlListAttribute", "DescribeVServerGroupAttribute", "https", "DescribeHealthStatus",
		"DescribeMasterSlaveServerGroupAttribute", "DescribeServerCertificates", "DescribeCACertificates"} {
		if asked[what] == 0 {
			t.Errorf("no listener asks for %s", what)
		}
	}
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	a, other := testAccount(2000), newAccounts(1, 2000, 4, 8)[0]
	region, elsewhere := a.Regions[0], a.Regions[1]
	kinds := map[string]string{"SecurityGroupId": "ecs_security_group", "DiskId": "ecs_disk", "LoadBalancerId": "slb_load_balancer",
		"NatGatewayId": "vpc_nat_gateway", "DBInstanceId": rdsKind, "InsName": rdsKind}
	for _, q := range []struct{ product, action, param, code string }{
		{"ecs", "DescribeSecurityGroupAttribute", "SecurityGroupId", "InvalidSecurityGroupId.NotFound"},
		{"ecs", "DescribeAutoSnapshotPolicyAssociations", "DiskId", "InvalidDiskId.NotFound"},
		{"ecs", "DescribePrefixListAttributes", "PrefixListId", "InvalidPrefixListId.NotFound"},
		{"ecs", "DescribePortRangeListEntries", "PortRangeListId", "InvalidPortRangeListId.NotFound"},
		{"slb", "DescribeHealthStatus", "LoadBalancerId", "InvalidLoadBalancerId.NotFound"},
		{"slb", "DescribeAccessControlListAttribute", "AclId", "AclNotExist"},
		{"slb", "DescribeVServerGroupAttribute", "VServerGroupId", "InvalidParameter"},
		{"slb", "DescribeMasterSlaveServerGroupAttribute", "MasterSlaveServerGroupId", "InvalidParameter"},
		{"vpc", "DescribeForwardTableEntries", "NatGatewayId", "InvalidNatGatewayId.NotFound"},
		{"rds", "DescribeDBInstanceEncryptionKey", "DBInstanceId", "InvalidDBInstanceId.NotFound"},
		{"rds", "DescribeInstanceCrossBackupPolicy", "DBInstanceId", "InvalidDBInstanceId.NotFound"},
		{"rds", "DescribeInstanceLinkedWhitelistTemplate", "InsName", "InvalidDBInstanceName.NotFound"},
	} {
		ids := []string{"x", "lb-", "rsp-00", "acl-" + strings.Repeat("0", 14), aclID(a, elsewhere, 0), prefixListID(other, region, 0),
			portListID(a, elsewhere, 1), childID("rsp-", a.ID("slb_load_balancer", region, 0), 90)}
		if kind := kinds[q.param]; kind != "" {
			ids = append(ids, a.ID(kind, elsewhere, 0), other.ID(kind, region, 0), a.ID(kind, region, a.Count(kind, region)))
		}
		for _, id := range ids {
			answer := ask(t, a, q.product, q.action, region, map[string]string{"RegionId": region, q.param: id})
			if answer.Code != q.code {
				t.Errorf("%s:%s %s: %q", q.product, q.action, id, answer.Code)
			}
		}
	}
	for _, user := range []string{"", "x", "user00000", "user00000@" + other.UID + ".onaliyun.com", "userzzzzz@" + a.UID + ".onaliyun.com"} {
		if answer := ask(t, a, "ims", "GetLoginProfile", "", map[string]string{"UserPrincipalName": user}); answer.Code == "" {
			t.Errorf("there is a user %q", user)
		}
	}
}

func TestBucketsAreListedOnceAndAnswerInXML(t *testing.T) {
	a := testAccount(3000)
	type bucket struct{ Name, Region, Location string }
	var page struct {
		IsTruncated bool
		NextMarker  string
		Buckets     struct{ Bucket []bucket }
	}
	seen, marker, codes := map[string]bool{}, "", map[string]int{}
	for {
		page.IsTruncated, page.NextMarker, page.Buckets.Bucket = false, "", nil
		answer := ask(t, a, "oss", "ListBuckets", "", map[string]string{"max-keys": "9", "marker": marker})
		if err := xml.Unmarshal(answer.XML, &page); err != nil || answer.Code != "" {
			t.Fatal(err, answer.Code)
		}
		for _, b := range page.Buckets.Bucket {
			if seen[b.Name] || b.Location != "oss-"+b.Region {
				t.Fatalf("%v stands twice, or is elsewhere", b)
			}
			seen[b.Name] = true
			for _, action := range actions {
				if action.Product != "oss" || !action.ofBucket() {
					continue
				}
				answer := action.Answer(&Call{Account: a, Action: action, Region: b.Region, Bucket: b.Name, Params: map[string]string{}})
				codes[action.Name+" "+answer.Code]++
				var any struct {
					Inside string `xml:",innerxml"`
				}
				if answer.Code == "" && answer.Raw == nil && xml.Unmarshal(answer.XML, &any) != nil {
					t.Fatalf("%s of %s is no XML", action.Name, b.Name)
				}
			}
		}
		if marker = page.NextMarker; !page.IsTruncated {
			break
		}
	}
	if len(seen) != a.Count(bucketKind, "") {
		t.Errorf("%d buckets of %d", len(seen), a.Count(bucketKind, ""))
	}
	for _, what := range []string{"GetBucketPolicy NoSuchBucketPolicy", "GetBucketPolicy ", "GetBucketEncryption NoSuchServerSideEncryptionRule",
		"GetBucketEncryption ", "GetBucketReplication NoSuchReplicationConfiguration", "GetBucketReplication "} {
		if codes[what] == 0 {
			t.Errorf("no bucket answers %q", what)
		}
	}
}

func TestTheCredentialReportHasTheOwnerAndAllUsers(t *testing.T) {
	a := testAccount(2000)
	names, next := map[string]bool{}, ""
	for {
		answer := fine(t, a, "ims", "GetCredentialReport", "", map[string]string{"MaxItems": "20", "NextToken": next})
		text, err := base64.StdEncoding.DecodeString(answer["Content"].(string))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil || rows[0][0] != "user" {
			t.Fatal(err, rows)
		}
		for _, row := range rows[1:] {
			names[row[0]] = true
		}
		if answer["IsTruncated"] != "true" {
			break
		}
		next = answer["NextToken"].(string)
	}
	if len(names) != a.Count(userKind, "")+1 || !names["<root>"] || !names[userAt(a, 0).principal()] {
		t.Errorf("%d names for %d users", len(names), a.Count(userKind, ""))
	}
}
