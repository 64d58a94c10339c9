// What the content files share: choosing by hash, ids of things that are listed nowhere, addresses and times.
package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

type obj = map[string]interface{}

// started is the day that times are counted from: one day, however long the cloud runs.
var started = time.Now().UTC().Truncate(24 * time.Hour)

// roll is a number below n that belongs to the resource and the salt.
func roll(a *Account, kind, region string, i int, salt string, n int) int {
	return int(a.Hash(kind, region, i, salt) % uint64(n))
}

// pick is one of the values, each as likely as the others; a value may be named twice.
func pick(a *Account, kind, region string, i int, salt string, values ...string) string {
	return values[roll(a, kind, region, i, salt, len(values))]
}

// chance is true for percent of all resources.
func chance(a *Account, kind, region string, i int, salt string, percent int) bool {
	return roll(a, kind, region, i, salt, 100) < percent
}

// hexOf is a text of n hex digits that belongs to the resource and the salt.
func hexOf(a *Account, kind, region string, i int, salt string, n int) string {
	text := ""
	for part := 0; len(text) < n; part++ {
		text += fmt.Sprintf("%016x", a.Hash(kind, region, i, salt+strconv.Itoa(part)))
	}
	return text[:n]
}

func uuidOf(a *Account, kind, region string, i int, salt string) string {
	h := hexOf(a, kind, region, i, salt, 32)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// partID is the id of a thing that no list names, number i of a sort; partIndex reads it. The
// region's part of it cannot be another region's.
func partID(a *Account, prefix, sort, region string, i int) string {
	return prefix + hexOf(a, sort, region, i, "id", 12) + strconv.FormatInt(int64(i), 36)
}

func partIndex(a *Account, prefix, sort, region, id string, total int) (int, bool) {
	if len(id) <= len(prefix)+12 || len(id) > len(prefix)+12+8 {
		return 0, false
	}
	n, err := strconv.ParseInt(id[len(prefix)+12:], 36, 63)
	if err != nil || n < 0 || n >= int64(total) || partID(a, prefix, sort, region, int(n)) != id {
		return 0, false
	}
	return int(n), true
}

// childID hangs the number n on a parent's id: "lb-bp1abc" and "rsp-" give "rsp-bp1abc07".
func childID(prefix, parent string, n int) string {
	return fmt.Sprintf("%s%s%02d", prefix, parent[strings.Index(parent, "-")+1:], n)
}

// childParent finds the parent of such an id, and the number.
func childParent(a *Account, prefix, parentPrefix, kind, region, id string) (i, n int, ok bool) {
	if !strings.HasPrefix(id, prefix) || len(id) < len(prefix)+3 {
		return 0, 0, false
	}
	n, err := strconv.Atoi(id[len(id)-2:])
	if err != nil || n < 0 {
		return 0, 0, false
	}
	i, ok = findIn(a, kind, region, parentPrefix+id[len(prefix):len(id)-2])
	return i, n, ok
}

// findIn finds a resource by its id in a region; in any, where the region is "".
func findIn(a *Account, kind, region, id string) (int, bool) {
	found, i, ok := a.Find(kind, id)
	if !ok || region != "" && found != region {
		return 0, false
	}
	return i, true
}

// chosen tells how many resources a list has and which is its n-th: all of a kind, or the one that the parameter names.
func chosen(c *Call, kind, param string) (total int, at func(n int) int) {
	id := c.Params[param]
	if id == "" {
		return c.Account.Count(kind, c.Region), func(n int) int { return n }
	}
	i, ok := findIn(c.Account, kind, c.Region, id)
	if !ok {
		return 0, nil
	}
	return 1, func(int) int { return i }
}

// countIn and atIn number the resources of a kind over some of the account's regions, one after another.
func countIn(a *Account, kind string, regions []string) int {
	total := 0
	for _, region := range regions {
		total += a.Count(kind, region)
	}
	return total
}

func atIn(a *Account, kind string, regions []string, n int) (string, int) {
	for _, region := range regions {
		count := a.Count(kind, region)
		if n < count {
			return region, n
		}
		n -= count
	}
	return "", 0
}

// publicAddress is an address of the Internet: another one for each resource of a kind in a region.
func publicAddress(a *Account, first int, kind, region string, i int) string {
	key := int(a.Hash(kind, region, 0, "address") & 0xffff)
	low := (i*40503 + key) & 0xffff // An odd factor: no two of 65,536 are alike.
	return fmt.Sprintf("%d.%d.%d.%d", first, (regionIndex(region)+i>>16)&0xff, low>>8, low&0xff)
}

// privateAddress is the address inside the VPC.
func privateAddress(i int) string {
	return fmt.Sprintf("172.%d.%d.%d", 16+(i/64000)%16, (i/250)%256, i%250+4)
}

// instant writes a time some days before or after the day the cloud was started on.
func instant(days int) string { return started.AddDate(0, 0, days).Format("2006-01-02T15:04:05Z") }

func minute(days int) string { return started.AddDate(0, 0, days).Format("2006-01-02T15:04Z") }

func millis(days int) int64 { return started.AddDate(0, 0, days).UnixNano() / 1e6 }

// created is a day of the last four years.
func created(a *Account, kind, region string, i int) int {
	return -3 - roll(a, kind, region, i, "created", 1400)
}

// zoneOf is a zone of the region: "cn-hangzhou-h", "ap-southeast-1a".
func zoneOf(a *Account, kind, region string, i int) string {
	letter := pick(a, kind, region, i, "zone", "a", "b", "c")
	if last := region[len(region)-1]; last >= '0' && last <= '9' {
		return region + letter
	}
	return region + "-" + map[string]string{"a": "h", "b": "i", "c": "j"}[letter]
}

func notFound(code, message string) Answer { return Answer{Status: 404, Code: code, Message: message} }

// withToken puts the token of the next page into an answer: empty at the end, as most products have it.
func withToken(body obj, next string) Answer {
	body["NextToken"] = next
	return Answer{JSON: body}
}

func needs(name string) Param                { return Param{Name: name, Required: true} }
func takes(name string) Param                { return Param{Name: name} }
func ranged(name string, min, max int) Param { return Param{Name: name, Min: min, Max: max} }
func oneOf(name string, values ...string) Param {
	return Param{Name: name, Values: values}
}
