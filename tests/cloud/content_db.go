// What the database products share: one resource with its dice, white lists and their templates,
// backup days, and answers about one instance.
package main

import (
	"fmt"
	"strconv"
)

// res is one resource of an account.
type res struct {
	a            *Account
	kind, region string
	i            int
}

func (r res) id() string                  { return r.a.ID(r.kind, r.region, r.i) }
func (r res) roll(salt string, n int) int { return roll(r.a, r.kind, r.region, r.i, salt, n) }
func (r res) pick(salt string, values ...string) string {
	return pick(r.a, r.kind, r.region, r.i, salt, values...)
}
func (r res) chance(salt string, percent int) bool {
	return chance(r.a, r.kind, r.region, r.i, salt, percent)
}
func (r res) hex(salt string, n int) string { return hexOf(r.a, r.kind, r.region, r.i, salt, n) }
func (r res) zone() string                  { return zoneOf(r.a, r.kind, r.region, r.i) }
func (r res) born() int                     { return created(r.a, r.kind, r.region, r.i) }
func (r res) vpc() string                   { return "vpc-" + r.hex("vpc", 17) }
func (r res) vswitch() string               { return "vsw-" + r.hex("vsw", 17) }

// regionOf is the region that a list is asked for. A cloud that is called by its address alone, for
// a product whose hosts and not parameters say the region, answers for the account's first one.
func regionOf(c *Call) string {
	if c.Region == "" {
		return c.Account.Regions[0]
	}
	return c.Region
}

// rows are the resources first..last-1 of the region.
func rows(c *Call, kind string, first, last int, row func(r res) obj) []obj {
	out := make([]obj, 0, last-first)
	for i := first; i < last; i++ {
		out = append(out, row(res{c.Account, kind, regionOf(c), i}))
	}
	return out
}

// databases is a page of a kind, as most engines list theirs.
func databases(c *Call, kind, inner string, row func(r res) obj) Answer {
	total := c.Account.Count(kind, regionOf(c))
	first, last, number, _, bad := pageByNumber(c, total, "PageNumber", "PageSize", 30, 100)
	if bad != nil {
		return *bad
	}
	list := rows(c, kind, first, last, row)
	return Answer{JSON: obj{"Items": obj{inner: list}, "TotalRecordCount": total, "PageNumber": number,
		"PageRecordCount": len(list)}}
}

// zonedRegions lists the account's regions, each with its first zone.
func zonedRegions(c *Call) Answer {
	list := []obj{}
	for _, region := range c.Account.Regions {
		list = append(list, obj{"RegionId": region, "Zones": obj{"Zone": []obj{{"ZoneId": region + "-a", "VpcEnabled": true}}}})
	}
	return Answer{JSON: obj{"Regions": obj{"Region": list}}}
}

// aboutOne is the answer about the resource that a parameter names. A call that came to a host of
// several regions, without a region, finds it in any.
func aboutOne(kind, param, code, message string, answer func(c *Call, r res) Answer) func(c *Call) Answer {
	return func(c *Call) Answer {
		region, i, ok := c.Account.Find(kind, c.Params[param])
		if !ok || c.Region != "" && region != c.Region {
			return notFound(code, message)
		}
		return answer(c, res{c.Account, kind, region, i})
	}
}

// cycle says by a letter which sort of thing the numbers 0..9, 10..19, ... are, so that the n-th of
// a sort is found without counting.
type cycle string

func (s cycle) of(i int) byte { return s[i%len(s)] }

func (s cycle) places(letter byte) []int {
	var out []int
	for i := 0; i < len(s); i++ {
		if s[i] == letter {
			out = append(out, i)
		}
	}
	return out
}

// count tells how many of the numbers below total are of the sort.
func (s cycle) count(letter byte, total int) int {
	places := s.places(letter)
	n := total / len(s) * len(places)
	for _, place := range places {
		if place < total%len(s) {
			n++
		}
	}
	return n
}

// at is the n-th number of the sort.
func (s cycle) at(letter byte, n int) int {
	places := s.places(letter)
	return n/len(places)*len(s) + places[n%len(places)]
}

// status is what most instances have, and now and then one of the others.
func (r res) status(usual string, others ...string) string {
	if r.roll("status", 24) > 0 {
		return usual
	}
	return r.pick("other status", others...)
}

// ---- white lists ----

var narrowLists = []string{"127.0.0.1", "10.0.0.0/8", "172.16.0.0/12,192.168.0.0/16", "10.23.12.24/24", "192.168.10.0/24",
	"47.97.12.8,47.97.12.9", "2001:DB8::/32", "0.0.0.0/1", "10.1.0.0/16, 10.2.0.0/16"}

var openLists = []string{"0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8,0.0.0.0/0", "0.0.0.0/1,128.0.0.0/1", "::/0", "0.0.0.0"}

// narrow is a list that lets in few, or nobody.
func (r res) narrow(salt string) string { return r.pick(salt, narrowLists...) }

// ipGroups are the white lists of an instance: for one in four, one of them or two together let
// everybody in.
func (r res) ipGroups(name, attribute, list string) []obj {
	group := func(title, kind, text string) obj { return obj{name: title, attribute: kind, list: text} }
	out := []obj{group("default", "", r.narrow("default list"))}
	switch r.roll("lists", 12) {
	case 0, 1:
		out[0][list] = r.pick("open list", openLists...)
	case 2:
		out[0][list] = "0.0.0.0/1"
		out = append(out, group("office", "", "128.0.0.0/1"))
	case 3, 4:
		out = append(out, group("app", "", r.narrow("app list")))
	case 5:
		out[0][list] = ""
	}
	if r.chance("hidden list", 30) {
		out = append(out, group("hdm_security_ips", "hidden", "100.104.0.0/16"))
	}
	return out
}

// templateAction is DescribeGlobalSecurityIPGroupRelation, alike in three products.
func templateAction(product, version, kind, code, message string) *Action {
	return &Action{
		Product: product, Version: version, Name: "DescribeGlobalSecurityIPGroupRelation", Method: "POST",
		RAM:    product + ":DescribeGlobalSecurityIPGroupRelation",
		Params: []Param{needs("RegionId"), needs("DBClusterId"), takes("ResourceGroupId")},
		Answer: aboutOne(kind, "DBClusterId", code, message, func(c *Call, r res) Answer {
			list := []obj{}
			if r.chance("template", 25) {
				text := r.narrow("template list")
				if r.chance("template open", 20) {
					text = "0.0.0.0/0"
				}
				list = append(list, obj{"GlobalSecurityGroupId": "g-" + r.hex("template id", 12),
					"GlobalIgName": "office_" + r.hex("template name", 4),
					"GIpList":      text, "WhitelistNetType": "mix", "RegionId": r.region})
			}
			return Answer{JSON: obj{"DBClusterId": r.id(), "GlobalSecurityIPGroupRel": list}}
		}),
	}
}

// ---- backups ----

// weekDays are the days of the automatic backup; none, for one in eight.
func (r res) weekDays() string {
	return r.pick("backup days", "", "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday", "Monday,Thursday", "Tuesday,Saturday",
		"Monday,Wednesday,Friday", "Sunday,Wednesday", "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday",
		"Tuesday,Thursday,Sunday")
}

// backupHour is the hour in which it is made.
func (r res) backupHour() string {
	hour := r.roll("backup hour", 23)
	return fmt.Sprintf("%02d:00Z-%02d:00Z", hour, hour+1)
}

// certificateEnd is when the certificate of an encrypted instance ends: over for one in six.
func (r res) certificateEnd() string {
	if r.roll("certificate", 6) == 0 {
		return instant(-2 - r.roll("certificate days", 300))
	}
	return instant(20 + r.roll("certificate days", 330))
}

// ---- pages ----

// anyPage is a number of a page.
func anyPage(name string) Param { return ranged(name, 1, 1<<31-1) }

// sizes are the only sizes that pages may have.
func sizes(name string, values ...int) Param {
	p := Param{Name: name}
	for _, value := range values {
		p.Values = append(p.Values, strconv.Itoa(value))
	}
	return p
}
