package main

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Account is one account of the cloud. Its resources are never kept: number i of a kind in a region
// is whatever Hash makes of it, and its id can be read back into that number.
type Account struct {
	UID       string // Sixteen digits.
	Name      string
	Index     int // 0 is the management account of the resource directory.
	Seed      uint64
	Resources int
	Regions   []string

	once   sync.Once
	counts map[string]map[string]int
	totals map[string]int
}

// regionNames are in the order in which accounts begin to use them, with the letters that ids of
// that region start with.
var regionNames = []struct{ id, letters, name string }{
	{"cn-hangzhou", "bp1", "华东1（杭州）"},
	{"cn-shanghai", "uf6", "华东2（上海）"},
	{"cn-beijing", "2ze", "华北2（北京）"},
	{"ap-southeast-1", "t4n", "新加坡"},
	{"cn-shenzhen", "wz9", "华南1（深圳）"},
	{"cn-hongkong", "j6c", "中国香港"},
	{"eu-central-1", "gw8", "德国（法兰克福）"},
	{"us-west-1", "rj9", "美国（硅谷）"},
	{"cn-qingdao", "m5e", "华北1（青岛）"},
	{"cn-zhangjiakou", "8vb", "华北3（张家口）"},
	{"cn-huhehaote", "hp3", "华北5（呼和浩特）"},
	{"cn-wulanchabu", "0jl", "华北6（乌兰察布）"},
	{"cn-heyuan", "f8z", "华南2（河源）"},
	{"cn-guangzhou", "7xv", "华南3（广州）"},
	{"cn-chengdu", "2vc", "西南1（成都）"},
	{"cn-nanjing", "gc7", "华东5（南京）"},
	{"cn-fuzhou", "gx0", "华东6（福州）"},
	{"cn-wuhan-lr", "n4a", "华中1（武汉）"},
	{"ap-northeast-1", "6we", "日本（东京）"},
	{"ap-northeast-2", "mj7", "韩国（首尔）"},
	{"ap-southeast-3", "8ps", "马来西亚（吉隆坡）"},
	{"ap-southeast-5", "k1a", "印度尼西亚（雅加达）"},
	{"ap-southeast-6", "5ts", "菲律宾（马尼拉）"},
	{"ap-southeast-7", "0jo", "泰国（曼谷）"},
	{"us-east-1", "0xi", "美国（弗吉尼亚）"},
	{"eu-west-1", "d7o", "英国（伦敦）"},
	{"me-east-1", "eb3", "阿联酋（迪拜）"},
	{"me-central-1", "l4v", "沙特（利雅得）"},
	{"na-south-1", "4hf", "墨西哥"},
}

// Region says whether the cloud has such a region.
func knownRegion(id string) bool {
	for _, r := range regionNames {
		if r.id == id {
			return true
		}
	}
	return false
}

func regionIndex(id string) int {
	for i, r := range regionNames {
		if r.id == id {
			return i
		}
	}
	return 255 // Things of no region.
}

// regionName is what DescribeRegions calls it.
func regionName(id string) string {
	if i := regionIndex(id); i < len(regionNames) {
		return regionNames[i].name
	}
	return id
}

// idPrefixes are what ids begin with, by the name of the kind or the longest start of it.
var idPrefixes = map[string]string{
	"actiontrail": "trail-", "cas": "cas-", "cdn": "cdn-", "cms": "cms-", "cr": "cri-", "das": "das-",
	"dds": "dds-", "ddoscoo": "ddoscoo-cn-", "ecs": "ecs-", "ecs_disk": "d-", "ecs_instance": "i-",
	"ecs_prefix_list": "pl-", "ecs_port_range_list": "prl-", "ecs_security_group": "sg-",
	"ecs_auto_snapshot_policy": "sp-", "ecs_snapshot": "s-", "gpdb": "gp-", "kvstore": "r-",
	"redis": "r-", "oss": "bucket-", "polardb": "pc-", "ram": "ram-", "ims": "ims-", "rds": "rm-",
	"sas": "sas-", "slb": "lb-", "slb_acl": "acl-", "vpc": "vpc-", "vpc_eip": "eip-", "eip": "eip-",
	"vpc_nat_gateway": "ngw-", "nat_gateway": "ngw-", "vswitch": "vsw-", "vpc_vswitch": "vsw-",
	"vpn": "vpn-", "vpc_vpn": "vpn-", "waf": "waf_v3prepaid_public_cn-", "waf2": "waf-cn-",
}

func idPrefix(kind string) string {
	for name := kind; ; {
		if p, ok := idPrefixes[name]; ok {
			return p
		}
		cut := strings.LastIndexByte(name, '_')
		if cut < 0 {
			return strings.Replace(kind, "_", "-", -1) + "-"
		}
		name = name[:cut]
	}
}

// mix is a bijection of 64-bit numbers; unmix is its inverse.
func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

const unmixFactor = 0xcfee444d8b59a89b // 0xd6e8feb86659fd93 times this is 1.

func unmix(x uint64) uint64 {
	x ^= x >> 32
	x *= unmixFactor
	x ^= x >> 32
	x *= unmixFactor
	return x ^ x>>32
}

func hashText(h uint64, text string) uint64 {
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 0x100000001b3
	}
	return mix(h)
}

// Hash is what number i's properties are made of; the same for the same account and salt.
func (a *Account) Hash(kind, region string, i int, salt string) uint64 {
	h := hashText(a.Seed^0xcbf29ce484222325, kind)
	h = hashText(h, region)
	h = hashText(h, salt)
	return mix(h ^ uint64(i)*0x9e3779b97f4a7c15)
}

// spread shares `total` out by weight, exactly: the parts add up to it.
func spread(total int, weights []float64) []int {
	sum, done, given := 0.0, 0.0, 0
	for _, w := range weights {
		sum += w
	}
	parts := make([]int, len(weights))
	for i, w := range weights {
		done += w
		upto := int(float64(total)*done/sum + 0.5)
		if i == len(weights)-1 {
			upto = total
		}
		parts[i] = upto - given
		given = upto
	}
	return parts
}

func (a *Account) kindRegions(k *Kind) []string {
	if len(k.Only) == 0 {
		return a.Regions
	}
	var both []string
	for _, r := range k.Only {
		if r == "" || contains(a.Regions, r) {
			both = append(both, r)
		}
	}
	if len(both) == 0 {
		return k.Only[:1]
	}
	return both
}

func contains(list []string, what string) bool {
	for _, item := range list {
		if item == what {
			return true
		}
	}
	return false
}

// share decides how many of each kind there are in each region.
func (a *Account) share() {
	a.counts, a.totals = map[string]map[string]int{}, map[string]int{}
	sorted := append([]*Kind(nil), kinds...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	weights := make([]float64, len(sorted))
	for i, k := range sorted {
		weights[i] = k.Share
	}
	for i, total := range spread(a.Resources, weights) {
		regions := a.kindRegions(sorted[i])
		weights := make([]float64, len(regions))
		for j := range regions {
			weights[j] = 1 / float64(j+2)
		}
		byRegion := map[string]int{}
		for j, n := range spread(total, weights) {
			byRegion[regions[j]] = n
		}
		a.counts[sorted[i].Name], a.totals[sorted[i].Name] = byRegion, total
	}
}

func (a *Account) mustKnow(kind string) {
	a.once.Do(a.share)
	if _, ok := a.totals[kind]; !ok {
		panic(fmt.Sprintf("no kind of resource is called %q", kind))
	}
}

// Count is how many resources of a kind there are in a region, or everywhere (region "").
func (a *Account) Count(kind, region string) int {
	a.mustKnow(kind)
	if region == "" {
		return a.totals[kind]
	}
	return a.counts[kind][region]
}

// At turns number i of all the account's into its region and the number there.
func (a *Account) At(kind string, i int) (region string, local int) {
	a.mustKnow(kind)
	for _, k := range kinds {
		if k.Name != kind {
			continue
		}
		for _, r := range a.kindRegions(k) {
			if n := a.counts[kind][r]; i < n {
				return r, i
			} else {
				i -= n
			}
		}
	}
	return "", i
}

const idIndexBits = 40

func (a *Account) idKey(kind string) uint64 { return hashText(a.Seed, kind) }

func base36(v uint64, width int) string {
	text := strconv.FormatUint(v, 36)
	return strings.Repeat("0", width-len(text)) + text
}

// ID is the id of number i of a kind in a region.
func (a *Account) ID(kind, region string, i int) string {
	key, index, letters := a.idKey(kind), regionIndex(region), "x00"
	if index < len(regionNames) {
		letters = regionNames[index].letters
	}
	number := uint64(index)<<idIndexBits | uint64(i) | key>>48<<48
	code := mix(number ^ key&(1<<48-1))
	return idPrefix(kind) + letters + base36(code%1679616, 4) + base36(code, 13)
}

// Place is the region of the resource of that id, of whatever kind; "" for everything else.
func (a *Account) Place(id string) string {
	for _, k := range kinds {
		if region, _, ok := a.Find(k.Name, id); ok {
			return region
		}
	}
	return ""
}

// Find reads an id back. It says no to ids of other accounts, other kinds, and resources that are
// not there.
func (a *Account) Find(kind, id string) (region string, i int, ok bool) {
	a.mustKnow(kind)
	prefix := idPrefix(kind)
	if !strings.HasPrefix(id, prefix) || len(id) != len(prefix)+20 {
		return "", 0, false
	}
	code, err := strconv.ParseUint(id[len(id)-13:], 36, 64)
	if err != nil {
		return "", 0, false
	}
	key := a.idKey(kind)
	number := unmix(code) ^ key&(1<<48-1)
	if number>>48 != key>>48 {
		return "", 0, false
	}
	index := int(number >> idIndexBits & 255)
	if index < len(regionNames) {
		region = regionNames[index].id
	} else if index != 255 {
		return "", 0, false
	}
	i = int(number & (1<<idIndexBits - 1))
	if i >= a.counts[kind][region] || a.ID(kind, region, i) != id {
		return "", 0, false
	}
	return region, i, true
}

// newAccounts makes up the accounts: the same ones for the same seed.
func newAccounts(count, resources, regions int, seed uint64) []*Account {
	var list []*Account
	if regions < 1 {
		regions = 1
	}
	if regions > len(regionNames) {
		regions = len(regionNames)
	}
	for n := 0; n < count; n++ {
		a := &Account{Index: n, Seed: mix(seed*0x9e3779b97f4a7c15 + uint64(n) + 1), Resources: resources}
		a.UID = fmt.Sprintf("1%015d", mix(a.Seed)%1000000000000000)
		a.Name = fmt.Sprintf("account-%d", n)
		for _, r := range regionNames[:regions] {
			a.Regions = append(a.Regions, r.id)
		}
		list = append(list, a)
	}
	return list
}
