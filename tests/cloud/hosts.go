package main

import (
	_ "embed"
	"net"
	"strings"
)

// hosts.tsv: which host serves which product in which regions, as published for clients.
//
//go:embed hosts.tsv
var hostRows string

// hostRow is one host of a product; rest: it serves all regions that have no row of their own.
type hostRow struct {
	product, host string
	regions       map[string]bool
	rest          bool
}

type hostTable struct {
	rows  map[string][]*hostRow      // By host, and by "{region}" pattern.
	named map[string]map[string]bool // By product: regions that some public row names.
}

func newHostTable() *hostTable {
	t := &hostTable{rows: map[string][]*hostRow{}, named: map[string]map[string]bool{}}
	for _, line := range strings.Split(hostRows, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 || line[0] == '#' {
			continue
		}
		row := &hostRow{product: f[0], host: f[2], regions: map[string]bool{}}
		if t.named[f[0]] == nil {
			t.named[f[0]] = map[string]bool{}
		}
		for _, region := range strings.Fields(f[3]) {
			if region == "*" {
				row.rest = true
				continue
			}
			row.regions[region] = true
			if f[1] == "public" && !strings.Contains(f[2], "{region}") {
				t.named[f[0]][region] = true
			}
		}
		t.rows[f[2]] = append(t.rows[f[2]], row)
	}
	return t
}

// regionIn finds the region that a host's name ends in ("ecs-cn-hangzhou.aliyuncs.com"); the longest
// one counts.
func regionIn(host string) string {
	label := strings.TrimSuffix(host, ".aliyuncs.com")
	label = strings.TrimSuffix(label, "-internal")
	best := ""
	for _, r := range regionNames {
		if len(r.id) > len(best) && strings.HasSuffix(label, r.id) &&
			(len(label) == len(r.id) || strings.IndexByte(".-", label[len(label)-len(r.id)-1]) >= 0) {
			best = r.id
		}
	}
	return best
}

// lookup gives the products that a host serves; none: there is no such host.
func (t *hostTable) lookup(host string) (rows []*hostRow, region string) {
	region = regionIn(host)
	if rows = t.rows[host]; len(rows) > 0 || region == "" {
		return rows, region
	}
	for _, row := range t.rows[strings.Replace(host, region, "{region}", 1)] {
		if !t.named[row.product][region] {
			rows = append(rows, &hostRow{product: row.product, host: host, regions: map[string]bool{region: true}})
		}
	}
	return rows, region
}

// serves says whether a product's host answers for a region.
func (t *hostTable) serves(row *hostRow, region string) bool {
	return row.regions[region] || row.rest && !t.named[row.product][region]
}

// hostName is the Host header without its port; loopback: clients were told to come here.
func hostName(host string) (name string, loopback bool) {
	name = host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	ip := net.ParseIP(name)
	return name, name == "localhost" || ip != nil && ip.IsLoopback()
}

// ossHost splits "bucket.oss-cn-hangzhou.aliyuncs.com"; ok: it is a host of the object store.
func ossHost(name string) (bucket, region string, ok bool) {
	rest := strings.TrimSuffix(name, ".aliyuncs.com")
	if rest == name {
		return "", "", false
	}
	if dot := strings.IndexByte(rest, '.'); dot >= 0 {
		bucket, rest = rest[:dot], rest[dot+1:]
	}
	if !strings.HasPrefix(rest, "oss-") || strings.IndexByte(rest, '.') >= 0 {
		return "", "", false
	}
	region = strings.TrimSuffix(strings.TrimPrefix(rest, "oss-"), "-internal")
	return bucket, region, knownRegion(region)
}
