// Container Registry, Enterprise Edition. The repositories of a region are dealt out to its instances.
package main

import (
	"fmt"
	"strconv"
)

const (
	crVersion  = "2018-12-01"
	crKind     = "cr_instance"
	crRepoKind = "cr_repository"
)

func (r res) crEdition() string {
	return r.pick("edition", "Enterprise_Advanced", "Enterprise_Standard", "Enterprise_Basic")
}

func crBody(rest obj) Answer {
	rest["IsSuccess"], rest["Code"] = true, "success"
	return Answer{JSON: rest}
}

func crRow(r res) obj {
	return obj{"InstanceId": r.id(), "InstanceName": "registry-" + r.hex("name", 4), "RegionId": r.region,
		"InstanceSpecification": r.crEdition(),
		"InstanceStatus":        r.status("RUNNING", "STARTING", "STOPPED"), "CreateTime": strconv.FormatInt(millis(r.born()), 10),
		"ModifiedTime": strconv.FormatInt(millis(-1), 10), "ResourceGroupId": "rg-acfmy", "InstanceIssue": ""}
}

func crList(c *Call) Answer {
	total := c.Account.Count(crKind, regionOf(c))
	first, last, number, size, bad := pageByNumber(c, total, "PageNo", "PageSize", 30, 100)
	if bad != nil {
		return *bad
	}
	return crBody(obj{"Instances": rows(c, crKind, first, last, crRow), "TotalCount": total, "PageNo": number, "PageSize": size})
}

// crRules: some of the smallest instances cannot scan; others have rules that do not count (of
// another sort, or started by hand), or none.
func crRules(c *Call, r res) Answer {
	if r.crEdition() == "Enterprise_Basic" && r.chance("scanless", 40) {
		return Answer{Code: "INSTANCE_SPEC_NOT_SUPPORT", Message: "The edition of the instance has no image scanning."}
	}
	kinds := [][3]string{}
	switch r.roll("rules", 5) {
	case 0:
	case 1:
		kinds = append(kinds, [3]string{"VUL", "MANUAL", "INSTANCE"}, [3]string{"SBOM", "AUTO", "INSTANCE"})
	case 2:
		kinds = append(kinds, [3]string{"VUL", "AUTO", "NAMESPACE"}, [3]string{"VUL", "AUTO", "REPO"})
	default:
		kinds = append(kinds, [3]string{"VUL", "AUTO", "INSTANCE"})
	}
	list := []obj{}
	for n, kind := range kinds {
		if asked := c.Params["ScanType"]; asked != "" && asked != kind[0] {
			continue
		}
		rule := obj{"ScanRuleId": fmt.Sprintf("crsr-%s%d", r.hex("rule", 12), n), "RuleName": fmt.Sprintf("rule-%d", n),
			"InstanceId": r.id(), "ScanType": kind[0],
			"TriggerType": kind[1], "ScanScope": kind[2], "Namespaces": []string{}, "RepoNames": []string{},
			"RepoTagFilterPattern": r.pick("tags", ".*", ".*", "^v.*"),
			"CreateTime":           millis(r.born()), "UpdateTime": millis(-1)}
		if kind[2] != "INSTANCE" {
			rule["Namespaces"] = []string{crSpaces[0], crSpaces[1]}
		}
		if kind[2] == "REPO" {
			rule["RepoNames"] = []string{"app-0", "app-1"}
		}
		list = append(list, rule)
	}
	first, last, number, size, bad := pageByNumber(c, len(list), "PageNo", "PageSize", 30, 100)
	if bad != nil {
		return *bad
	}
	return crBody(obj{"ScanRules": list[first:last], "TotalCount": len(list), "PageNo": number, "PageSize": size})
}

var crSpaces = []string{"web", "data", "base"}

// crRepos: number j of an instance is number j*n+k of the region, of whose n instances it is k.
func crRepos(c *Call, r res) Answer {
	instances, repos := c.Account.Count(crKind, r.region), c.Account.Count(crRepoKind, r.region)
	total := (repos - r.i + instances - 1) / instances
	first, last, number, size, bad := pageByNumber(c, total, "PageNo", "PageSize", 30, 100)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for j := first; j < last; j++ {
		repo := res{r.a, crRepoKind, r.region, j*instances + r.i}
		list = append(list, obj{"RepoId": "crr-" + repo.hex("id", 8) + strconv.FormatInt(int64(repo.i), 36),
			"RepoName":          fmt.Sprintf("app-%d", j),
			"RepoNamespaceName": crSpaces[j%len(crSpaces)],
			"RepoType":          repo.pick("type", "PRIVATE", "PRIVATE", "PRIVATE", "PRIVATE", "PUBLIC"), "RepoStatus": "NORMAL",
			"RepoBuildType": "MANUAL", "Summary": "an application", "InstanceId": r.id(), "CreateTime": millis(repo.born()),
			"ModifiedTime":    millis(-1),
			"TagImmutability": false, "ResourceGroupId": "rg-acfmy"})
	}
	return crBody(obj{"Repositories": list, "TotalCount": strconv.Itoa(total), "PageNo": number, "PageSize": size})
}

func init() {
	addKinds(&Kind{Name: crKind, Share: 0.4}, &Kind{Name: crRepoKind, Share: 4})
	one := func(name, method string, answer func(c *Call, r res) Answer, more ...Param) *Action {
		return &Action{Product: "cr", Version: crVersion, Name: name, Method: method, RAM: "cr:" + name,
			Params: append([]Param{takes("RegionId"), needs("InstanceId"), anyPage("PageNo"), ranged("PageSize", 1, 100)}, more...),
			Answer: aboutOne(crKind, "InstanceId", "INSTANCE_NOT_EXIST", "The instance does not exist.", answer)}
	}
	addActions(
		&Action{Product: "cr", Version: crVersion, Name: "ListInstance", Method: "POST", RAM: "cr:ListInstance",
			Params: []Param{takes("RegionId"), anyPage("PageNo"), ranged("PageSize", 1, 100)}, Answer: crList},
		one("ListRepository", "POST", crRepos, oneOf("RepoStatus", "ALL", "NORMAL")),
		one("ListScanRule", "GET", crRules, oneOf("ScanType", "VUL", "SBOM")),
	)
}
