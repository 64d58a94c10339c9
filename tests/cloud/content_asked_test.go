package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// asked is a call about one resource: what its parameter is called, and the members that it answers with.
type asked struct {
	product, action, param, member string
	codes                          string // Of errors that say that this resource cannot have it.
}

var askedOf = map[string][]asked{
	"dds": {{"dds", "DescribeSecurityIps", "DBInstanceId", "SecurityIpGroups.SecurityIpGroup", ""},
		{"dds", "DescribeGlobalSecurityIPGroupRelation", "DBClusterId", "GlobalSecurityIPGroupRel", ""},
		{"dds", "DescribeReplicaSetRole", "DBInstanceId", "ReplicaSets.ReplicaSet", ""},
		{"dds", "DescribeShardingNetworkAddress", "DBInstanceId", "NetworkAddresses.NetworkAddress", "InstanceType.NotSupport"},
		{"dds", "DescribeBackupPolicy", "DBInstanceId", "PreferredBackupPeriod", ""},
		{"dds", "DescribeAuditPolicy", "DBInstanceId", "LogAuditStatus", "OperationNotSupported"},
		{"dds", "DescribeDBInstanceSSL", "DBInstanceId", "SSLStatus", "SingleNodeNotSupport StorageTypeOrInstanceTypeNotSupported"}},
	"kvstore": {{"kvstore", "DescribeSecurityIps", "InstanceId", "SecurityIpGroups.SecurityIpGroup", ""},
		{"kvstore", "DescribeGlobalSecurityIPGroupRelation", "DBClusterId", "GlobalSecurityIPGroupRel", ""},
		{"kvstore", "DescribeDBInstanceNetInfo", "InstanceId", "NetInfoItems.InstanceNetInfo", ""},
		{"kvstore", "DescribeBackupPolicy", "InstanceId", "PreferredBackupPeriod", "InstanceType.NotSupport"},
		{"kvstore", "DescribeAuditLogConfig", "InstanceId", "DbAudit", "InstanceClass.NotSupport MinorVersionNotSupport"},
		{"kvstore", "DescribeInstanceSSL", "InstanceId", "SSLEnabled", "IncorrectEngineVersion"}},
	"polardb": {{"polardb", "DescribeDBClusterAccessWhitelist", "DBClusterId", "Items.DBClusterIPArray", ""},
		{"polardb", "DescribeGlobalSecurityIPGroupRelation", "DBClusterId", "GlobalSecurityIPGroupRel", ""},
		{"polardb", "DescribeDBClusterEndpoints", "DBClusterId", "Items", ""},
		{"polardb", "DescribeBackupPolicy", "DBClusterId", "PreferredBackupPeriod", ""},
		{"polardb", "DescribeDBClusterAuditLogCollector", "DBClusterId", "CollectorStatus", "InvalidDBType.NotSupport"}},
	"gpdb": {{"gpdb", "DescribeDBInstanceIPArrayList", "DBInstanceId", "Items.DBInstanceIPArray", ""},
		{"gpdb", "DescribeDBInstanceNetInfo", "DBInstanceId", "DBInstanceNetInfos.DBInstanceNetInfo", ""}},
	"cr": {{"cr", "ListScanRule", "InstanceId", "ScanRules", "INSTANCE_SPEC_NOT_SUPPORT"},
		{"cr", "ListRepository", "InstanceId", "Repositories", ""}},
}

func askOne(t *testing.T, a *Account, q asked, region, id string) Answer {
	params := map[string]string{q.param: id}
	if p := paramOf(actionNamed(q.product, q.action), "RegionId"); p != nil && p.Required {
		params["RegionId"] = region
	}
	return ask(t, a, q.product, q.action, region, params)
}

func TestEveryInstanceAnswers(t *testing.T) {
	a := testAccount(5000)
	for _, l := range listings() {
		for _, region := range l.places(a) {
			for _, row := range walk(t, a, l, region) {
				for _, q := range askedOf[l.product] {
					id := row[l.id].(string)
					answer := askOne(t, a, q, region, id)
					if answer.Code != "" {
						if q.codes == "" || !strings.Contains(" "+q.codes+" ", " "+answer.Code+" ") {
							t.Fatalf("%s:%s %s: %s", q.product, q.action, id, answer.Code)
						}
						continue
					}
					text, err := json.Marshal(answer.JSON)
					var body map[string]interface{}
					if err == nil {
						err = json.Unmarshal(text, &body)
					}
					if err != nil || at(body, q.member) == nil {
						t.Fatalf("%s:%s %s has no %s: %s (%v)", q.product, q.action, id, q.member, text, err)
					}
				}
			}
		}
	}
}

func TestUnknownInstancesAreRefused(t *testing.T) {
	a, stranger := testAccount(5000), newAccounts(2, 5000, 4, 8)[1]
	kinds := map[string]string{"dds": ddsKind, "kvstore": kvKind, "polardb": polarKind, "gpdb": gpdbKind, "cr": crKind}
	for product, questions := range askedOf {
		kind := kinds[product]
		ids := map[string]string{"none": "", "made up": "x-1", "somebody else's": stranger.ID(kind, a.Regions[0], 0),
			"one too many": a.ID(kind, a.Regions[0], a.Count(kind, a.Regions[0])), "another region's": a.ID(kind, a.Regions[1], 0),
			"another kind's": a.ID("ecs_instance", a.Regions[0], 0)}
		for _, q := range questions {
			if answer := askOne(t, a, q, a.Regions[0], a.ID(kind, a.Regions[0], 0)); strings.Contains(answer.Code, "NotFound") {
				t.Errorf("%s:%s does not know its own instance", q.product, q.action)
			}
			for what, id := range ids {
				answer := askOne(t, a, q, a.Regions[0], id)
				if answer.Code == "" || id != "" && !strings.Contains(answer.Code, "NotFound") && answer.Code != "INSTANCE_NOT_EXIST" {
					t.Errorf("%s:%s answers for an id that is %s (%s): %s", q.product, q.action, what, id, answer.Code)
				}
			}
		}
	}
}

func TestRepositoriesAreDealtOutOnce(t *testing.T) {
	a := testAccount(5000)
	for _, region := range a.Regions {
		seen, instances := map[string]bool{}, a.Count(crKind, region)
		for i := 0; i < instances; i++ {
			for page := 1; ; page++ {
				answer := fine(t, a, "cr", "ListRepository", region, map[string]string{"InstanceId": a.ID(crKind, region, i),
					"RepoStatus": "ALL",
					"PageNo":     strconv.Itoa(page), "PageSize": "20"})
				if _, ok := answer["TotalCount"].(string); !ok {
					t.Fatalf("the total is not a text: %v", answer["TotalCount"])
				}
				list := answer["Repositories"].([]interface{})
				for _, item := range list {
					seen[at(item, "RepoId").(string)] = true
				}
				if len(list) < 20 {
					break
				}
			}
		}
		if instances > 0 && len(seen) != a.Count(crRepoKind, region) {
			t.Errorf("%s: %d of %d repositories", region, len(seen), a.Count(crRepoKind, region))
		}
	}
}
