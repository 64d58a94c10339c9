// Object Storage Service: buckets. The engine has seen to it that a bucket exists and was asked in its region.
package main

import (
	"encoding/xml"
	"strconv"
	"strings"
)

func init() {
	addKinds(&Kind{Name: bucketKind, Share: 6})
	addActions(
		ossAction("ListBuckets", "", ossBuckets, takes("prefix"), takes("marker"), ranged("max-keys", 1, 1000)),
		ossAction("GetPublicAccessBlock", "publicAccessBlock", ossBlock),
		ossAction("GetBucketInfo", "bucketInfo", ossOf(bucketInfo)),
		ossAction("GetBucketAcl", "acl", ossOf(bucketACL)),
		ossAction("GetBucketLogging", "logging", ossOf(bucketLogging)),
		ossAction("GetBucketReplication", "replication", ossOf(bucketReplication)),
		ossAction("GetBucketEncryption", "encryption", ossOf(bucketEncryption)),
		ossAction("GetBucketReferer", "referer", ossOf(bucketReferer)),
		ossAction("GetBucketPolicy", "policy", ossOf(bucketPolicy)),
		ossAction("GetBucketPolicyStatus", "policyStatus", ossOf(bucketPolicyStatus)),
	)
}

func ossAction(name, query string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "oss", Version: "2019-05-17", Name: name, Method: "GET", Query: query, Global: true, Params: params,
		RAM: "oss:" + name, Answer: answer}
}

func ossOf(answer func(r res) Answer) func(*Call) Answer {
	return func(c *Call) Answer {
		region, i, ok := c.Account.Find(bucketKind, c.Bucket)
		if !ok {
			return notFound("NoSuchBucket", "The specified bucket does not exist.")
		}
		return answer(res{c.Account, bucketKind, region, i})
	}
}

// el is an element with what is in it; leaf is one with a text.
func el(name string, inside ...string) string {
	return "<" + name + ">" + strings.Join(inside, "") + "</" + name + ">"
}

func leaf(name, text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text))
	return el(name, b.String())
}

func xmlAnswer(root string, inside ...string) Answer {
	return Answer{XML: []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + el(root, inside...) + "\n")}
}

func ownerOf(a *Account) string { return el("Owner", leaf("ID", a.UID), leaf("DisplayName", a.UID)) }

// afterMarker is the number of the first bucket after a marker. Buckets are listed in the order of their
// numbers; what sorts before all names is the beginning.
func afterMarker(a *Account, marker string) (int, *Answer) {
	if marker < idPrefix(bucketKind) {
		return 0, nil
	}
	region, i, ok := a.Find(bucketKind, marker)
	if !ok {
		return 0, &Answer{Code: "InvalidArgument", Message: "There is no bucket of the marker's name."}
	}
	for _, r := range a.Regions {
		if r == region {
			break
		}
		i += a.Count(bucketKind, r)
	}
	return i + 1, nil
}

func ossBuckets(c *Call) Answer {
	a, marker := c.Account, c.Params["marker"]
	size, bad := numberParam(c, "max-keys", 100, 1, 1000)
	if bad != nil {
		return Answer{Code: "InvalidArgument", Message: "max-keys is a number from 1 to 1000."}
	}
	offset, bad := afterMarker(a, marker)
	if bad != nil {
		return *bad
	}
	total := a.Count(bucketKind, "")
	if prefix := c.Params["prefix"]; !strings.HasPrefix(idPrefix(bucketKind), prefix) {
		total = 0 // All names begin alike: a prefix names all of them or one region's; only the first is known here.
	}
	first, last := c.cut(offset, size, total)
	var list strings.Builder
	for n := first; n < last; n++ {
		region, i := a.At(bucketKind, n)
		r := res{a, bucketKind, region, i}
		marker = r.id()
		list.WriteString(el("Bucket", leaf("Name", r.id()), r.place(), leaf("Region", region), leaf("Comment", ""), leaf("ResourceGroupId", "")))
	}
	inside := []string{leaf("Prefix", c.Params["prefix"]), leaf("Marker", c.Params["marker"]), leaf("MaxKeys", strconv.Itoa(size))}
	if last < total { // Both are left out when everything fits.
		if marker == "" {
			marker = "-"
		}
		inside = append(inside, leaf("IsTruncated", "true"), leaf("NextMarker", marker))
	}
	return xmlAnswer("ListAllMyBucketsResult", append(inside, ownerOf(a), el("Buckets", list.String()))...)
}

// place is what both the list and GetBucketInfo say of a bucket.
func (r res) place() string {
	at := "oss-" + r.region
	return leaf("Location", at) + leaf("CreationDate", strings.Replace(instant(r.born()), "Z", ".000Z", 1)) +
		leaf("StorageClass", r.pick("class", "Standard", "Standard", "IA", "Archive")) +
		leaf("ExtranetEndpoint", at+".aliyuncs.com") + leaf("IntranetEndpoint", at+"-internal.aliyuncs.com")
}

func (r res) grant() string {
	return r.pick("acl", "private", "private", "private", "private", "private", "private", "private", "public-read", "public-read", "public-read-write")
}

// ossBlock is the switch of the account: never set in half of them, and on in few.
func ossBlock(c *Call) Answer {
	switch n := roll(c.Account, "oss", "", 0, "block", 10); {
	case n < 5:
		return notFound("NoSuchPublicAccessBlockConfiguration", "The public access block configuration does not exist.")
	default:
		return xmlAnswer("PublicAccessBlockConfiguration", leaf("BlockPublicAccess", strconv.FormatBool(n == 9)))
	}
}

func (r res) algorithm() string {
	return r.pick("sse", "", "", "", "", "AES256", "AES256", "KMS", "KMS", "SM4")
}

// logsTo is where a bucket's access log goes: into the region's first bucket, or nowhere.
func (r res) logsTo() string {
	if !r.chance("log", 60) {
		return ""
	}
	return r.a.ID(bucketKind, r.region, 0)
}

func (r res) replicates() bool { return r.chance("replication", 40) }

func bucketInfo(r res) Answer {
	sse := r.algorithm()
	if sse == "" {
		sse = "None"
	}
	rule := leaf("SSEAlgorithm", sse)
	if sse == "KMS" {
		rule += leaf("KMSMasterKeyID", "") + leaf("KMSDataEncryption", "")
	}
	replication := "Disabled"
	if r.replicates() {
		replication = "Enabled"
	}
	inside := []string{leaf("Name", r.id()), r.place(), ownerOf(r.a), el("AccessControlList", leaf("Grant", r.grant())),
		leaf("DataRedundancyType", r.pick("redundancy", "LRS", "ZRS")), leaf("AccessMonitor", "Disabled"), leaf("TransferAcceleration", "Disabled"),
		leaf("CrossRegionReplication", replication), leaf("BlockPublicAccess", strconv.FormatBool(r.chance("block", 40))),
		leaf("ResourceGroupId", "rg-default"), leaf("Comment", ""), el("ServerSideEncryptionRule", rule)}
	if r.chance("versioned", 30) {
		inside = append(inside, leaf("Versioning", "Enabled"))
	}
	if !r.chance("short", 10) { // Some answers do not speak of the log at all.
		to := r.logsTo()
		prefix := ""
		if to != "" {
			prefix = "logs/"
		}
		inside = append(inside, el("BucketPolicy", leaf("LogBucket", to), leaf("LogPrefix", prefix)))
	}
	return xmlAnswer("BucketInfo", el("Bucket", inside...))
}

func bucketACL(r res) Answer {
	return xmlAnswer("AccessControlPolicy", ownerOf(r.a), el("AccessControlList", leaf("Grant", r.grant())))
}

func bucketLogging(r res) Answer {
	if r.logsTo() == "" {
		return xmlAnswer("BucketLoggingStatus")
	}
	return xmlAnswer("BucketLoggingStatus", el("LoggingEnabled", leaf("TargetBucket", r.logsTo()), leaf("TargetPrefix", "logs/")))
}

// bucketReplication: rules that run, start or close, to another region or within one.
func bucketReplication(r res) Answer {
	if !r.replicates() || r.chance("rule gone", 6) {
		return notFound("NoSuchReplicationConfiguration", "The bucket you specified does not have a replication configuration.")
	}
	rules := ""
	for n := 0; n < 1+r.roll("rules", 2); n++ {
		salt := strconv.Itoa(n)
		to := r.pick("to"+salt, r.region, "cn-shanghai", "cn-hangzhou", "cn-beijing", "ap-southeast-1")
		prefixes := ""
		if r.chance("part"+salt, 25) {
			prefixes = el("PrefixSet", leaf("Prefix", "images/"), leaf("Prefix", "video/"))
		}
		rules += el("Rule", leaf("ID", uuidOf(r.a, r.kind, r.region, r.i, "rule"+salt)), prefixes,
			leaf("Action", r.pick("action"+salt, "ALL", "ALL", "PUT")), leaf("Status", r.pick("state"+salt, "doing", "doing", "starting", "closing")),
			el("Destination", leaf("Bucket", r.id()+"-copy"), leaf("Location", "oss-"+to), leaf("TransferType", "internal")),
			leaf("HistoricalObjectReplication", "enabled"), el("RTC", leaf("Status", "disabled")))
	}
	return xmlAnswer("ReplicationConfiguration", rules)
}

func bucketEncryption(r res) Answer {
	sse := r.algorithm()
	if sse == "" {
		return notFound("NoSuchServerSideEncryptionRule", "The server side encryption configuration was not found.")
	}
	inside := leaf("SSEAlgorithm", sse)
	if sse == "KMS" {
		if r.chance("own key", 50) {
			inside += leaf("KMSMasterKeyID", uuidOf(r.a, "kms", r.region, 0, "key"))
		}
		if r.chance("sm4", 20) {
			inside += leaf("KMSDataEncryption", "SM4")
		}
	}
	return xmlAnswer("ServerSideEncryptionRule", el("ApplyServerSideEncryptionByDefault", inside))
}

// bucketReferer: no list at all, lists of one or several, and lists that let everybody in.
func bucketReferer(r res) Answer {
	refererLists := [][]string{{}, {}, {"https://www.example.com"}, {"https://*.example.com", "https://example.net", "http://app?.example.org"}, {"*"},
		{"https://www.example.com", "https://*.example.net"}}
	white := refererLists[r.roll("referers", len(refererLists))]
	allowed := ""
	for _, text := range white {
		allowed += leaf("Referer", text)
	}
	inside := []string{leaf("AllowEmptyReferer", strconv.FormatBool(len(white) == 0 || r.chance("empty referer", 40))),
		leaf("AllowTruncateQueryString", "true"), leaf("TruncatePath", "false"), el("RefererList", allowed)}
	if r.chance("blacklist", 15) {
		inside = append(inside, el("RefererBlacklist", leaf("Referer", "https://bad.example"), leaf("Referer", "https://*.bad.example")))
	}
	return xmlAnswer("RefererConfiguration", inside...)
}

// Policies: none, one for an own user, one for everybody behind an office's address, and one for the world.
func (r res) policySort() int { return []int{0, 0, 0, 0, 1, 1, 1, 2, 2, 3}[r.roll("policy", 10)] }

func bucketPolicy(r res) Answer {
	resource := `"acs:oss:*:` + r.a.UID + `:` + r.id() + `/*"`
	statement := ""
	switch r.policySort() {
	case 0:
		return notFound("NoSuchBucketPolicy", "The bucket policy does not exist.")
	case 1:
		statement = `{"Effect":"Allow","Principal":["2` + strconv.Itoa(10000000+r.roll("principal", 80000000)) + `"],"Action":["oss:GetObject","oss:ListObjects"],"Resource":[` + resource + `]}`
	case 2:
		statement = `{"Effect":"Allow","Principal":["*"],"Action":["oss:GetObject"],"Resource":[` + resource +
			`],"Condition":{"IpAddress":{"acs:SourceIp":["203.0.113.0/24"]}}}`
	case 3:
		statement = `{"Effect":"Allow","Principal":["*"],"Action":["` + r.pick("public action", "oss:GetObject", "oss:*", "oss:PutObject") + `"],"Resource":[` + resource + `]}`
	}
	if r.chance("https", 30) {
		statement += `,{"Effect":"Deny","Principal":["*"],"Action":["oss:*"],"Resource":[` + resource + `],"Condition":{"Bool":{"acs:SecureTransport":["false"]}}}`
	}
	return Answer{Raw: []byte(`{"Version":"1","Statement":[` + statement + `]}`)}
}

func bucketPolicyStatus(r res) Answer {
	if r.policySort() == 0 {
		return notFound("NoSuchBucketPolicy", "The bucket policy does not exist.")
	}
	return xmlAnswer("PolicyStatus", leaf("IsPublic", strconv.FormatBool(r.policySort() == 3)))
}
