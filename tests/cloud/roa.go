package main

import (
	"fmt"
	"strings"
)

// Container Service: the one product here whose calls are paths (ROA). No plan reads it; it is here
// so that clients can prove the style. Each account has two clusters.
const (
	csVersion  = "2015-12-15"
	csClusters = 2
)

func init() {
	addActions(
		&Action{Product: "cs", Version: csVersion, Name: "DescribeClustersV1", Method: "GET", Path: "/api/v1/clusters", Global: true,
			RAM: "cs:DescribeClustersV1", Params: []Param{{Name: "name"}, {Name: "cluster_type"}, {Name: "region_id"},
				{Name: "page_size", Min: 1, Max: 50}, {Name: "page_number", Min: 1, Max: pageNumberMax}}, Answer: csList},
		&Action{Product: "cs", Version: csVersion, Name: "DescribeClusterDetail", Method: "GET", Path: "/clusters/{ClusterId}", Global: true,
			RAM: "cs:DescribeClusterDetail", Params: []Param{{Name: "ClusterId", Required: true}}, Answer: csDetail},
	)
}

func csCluster(a *Account, i int) obj {
	half := func(salt string) string { return fmt.Sprintf("%016x", a.Hash("cs_cluster", a.Regions[0], i, salt)) }
	return obj{"cluster_id": "c" + half("id, first") + half("id, second"), "name": fmt.Sprintf("cluster-%d", i),
		"region_id": a.Regions[0], "state": "running", "cluster_type": "ManagedKubernetes", "size": 3}
}

func csList(c *Call) Answer {
	var chosen []obj
	for i := 0; i < csClusters; i++ {
		one := csCluster(c.Account, i)
		if strings.Contains(one["name"].(string), c.Params["name"]) && same(c.Params["region_id"], one["region_id"].(string)) &&
			same(c.Params["cluster_type"], one["cluster_type"].(string)) {
			chosen = append(chosen, one)
		}
	}
	first, last, number, size, bad := pageByNumber(c, len(chosen), "page_number", "page_size", 10, 50)
	if bad != nil {
		return *bad
	}
	return Answer{JSON: obj{"clusters": append([]obj{}, chosen[first:last]...),
		"page_info": obj{"page_number": number, "page_size": size, "total_count": len(chosen)}}}
}

func csDetail(c *Call) Answer {
	for i := 0; i < csClusters; i++ {
		if one := csCluster(c.Account, i); one["cluster_id"] == c.Params["ClusterId"] {
			return Answer{JSON: one}
		}
	}
	return Answer{Status: 404, Code: "ErrorClusterNotFound", Message: "The cluster is not found."}
}
