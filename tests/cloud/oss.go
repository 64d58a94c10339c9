package main

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"
)

const (
	ossDateForm = "20060102T150405Z"
	bucketKind  = "oss_bucket"
)

// ofBucket: the call is about one bucket, not about the service.
func (a *Action) ofBucket() bool { return strings.HasPrefix(a.Name, "GetBucket") }

func ossActionKey(ofBucket bool, query string) string {
	if ofBucket {
		return "bucket?" + query
	}
	return "?" + query
}

// ossRequest is what the object store reads out of a request.
type ossRequest struct {
	bucket, key string
	hostRegion  string // "" on loopback
	pairs       []pair
	scopeRegion string
}

func (x *exchange) parseOSS() (*ossRequest, *Answer) {
	o := &ossRequest{}
	var ok bool
	if o.pairs, ok = parsePairs(x.r.URL.RawQuery); !ok {
		return nil, refusal(400, "InvalidArgument", "The query cannot be read.")
	}
	path := strings.TrimPrefix(x.r.URL.Path, "/")
	if x.loopback {
		if i := strings.IndexByte(path, '/'); i >= 0 {
			o.bucket, o.key = path[:i], path[i+1:]
		} else {
			o.bucket = path
		}
		return o, nil
	}
	if o.bucket, o.hostRegion, ok = ossHost(x.host); !ok {
		return nil, refusal(404, "InvalidProduct.NotFound", "There is no such endpoint.")
	}
	o.key = path
	if o.bucket == "" && path != "" {
		return nil, refusal(403, "SecondLevelDomainForbidden", "The bucket you are attempting to access must be addressed using OSS third level domain.")
	}
	return o, nil
}

// findOSSAction also gives what is left of the query as parameters.
func (x *exchange) findOSSAction(o *ossRequest) (*Action, map[string]string) {
	params := map[string]string{}
	var found *Action
	for _, p := range o.pairs {
		if a := x.cloud.actions.oss[ossActionKey(o.bucket != "", p.name)]; a != nil && p.name != "" && p.value == "" {
			found = a
			continue
		}
		params[p.name] = p.value
	}
	if found == nil && o.key == "" {
		found = x.cloud.actions.oss[ossActionKey(o.bucket != "", "")]
	}
	return found, params
}

func (x *exchange) findOSSKey(id, token string) *Answer {
	bad := x.findKey(id, token)
	if bad == nil {
		return nil
	}
	x.detail["OSSAccessKeyId"] = id
	switch bad.Code {
	case "InvalidAccessKeyId.NotFound":
		return refusal(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
	case "InvalidAccessKeyId.Inactive":
		return refusal(403, "InvalidAccessKeyId", "The OSS Access Key Id is disabled.")
	case "InvalidSecurityToken.Expired":
		return refusal(403, "SecurityTokenExpired", "The security token you provided has expired.")
	}
	return refusal(403, "InvalidSecurityToken", "The security token you provided is invalid.")
}

func (x *exchange) verifyOSS(o *ossRequest) *Answer {
	h := x.r.Header
	algorithm, auth := parseAuthorization(h.Get("Authorization"))
	scope := strings.SplitN(auth["Credential"], "/", 2)
	invalid := refusal(400, "InvalidArgument", "Invalid Authorization header.")
	if algorithm != "OSS4-HMAC-SHA256" || len(scope) != 2 || auth["Signature"] == "" {
		return invalid
	}
	parts := strings.Split(scope[1], "/")
	if len(parts) != 4 || parts[2] != "oss" || parts[3] != "aliyun_v4_request" {
		return invalid
	}
	o.scopeRegion = parts[1]
	x.record.Region = o.scopeRegion
	if bad := x.findOSSKey(scope[0], h.Get("X-Oss-Security-Token")); bad != nil {
		return bad
	}
	date, err := time.Parse(ossDateForm, h.Get("X-Oss-Date"))
	if err != nil || !strings.HasPrefix(h.Get("X-Oss-Date"), parts[0]) {
		return refusal(403, "AccessDenied", "OSS authentication requires a valid Date.")
	}
	if d := x.now.Sub(date); d > clockMax || d < -clockMax {
		x.detail["MaxAllowedSkewMilliseconds"] = "900000"
		x.detail["RequestTime"] = date.Format(dateForm)
		x.detail["ServerTime"] = x.now.UTC().Format(dateForm)
		return refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	if h.Get("X-Oss-Content-Sha256") != "UNSIGNED-PAYLOAD" {
		return refusal(400, "InvalidArgument", "x-oss-content-sha256 must be UNSIGNED-PAYLOAD.")
	}
	if !knownRegion(o.scopeRegion) || o.hostRegion != "" && o.hostRegion != o.scopeRegion {
		x.detail["EC"] = "0002-00000226"
		return refusal(400, "InvalidArgument", "Invalid signing region in Authorization header.")
	}
	return x.verifyOSSSignature(o, scope[0], scope[1], auth)
}

func (x *exchange) verifyOSSSignature(o *ossRequest, id, scope string, auth map[string]string) *Answer {
	resource := "/"
	if o.bucket != "" {
		resource = "/" + o.bucket + "/" + o.key
	}
	var additional []string
	if auth["AdditionalHeaders"] != "" {
		additional = strings.Split(auth["AdditionalHeaders"], ";")
	}
	canonical := canonicalOSS(x.r, resource, o.pairs, additional)
	signature, toSign := signOSS(x.key.Secret, x.r.Header.Get("X-Oss-Date"), scope, canonical)
	if !sameText(signature, auth["Signature"]) {
		x.detail["OSSAccessKeyId"], x.detail["SignatureProvided"] = id, auth["Signature"]
		x.detail["StringToSign"], x.detail["CanonicalRequest"] = toSign, canonical
		x.detail["EC"] = "0002-00000040"
		return refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.")
	}
	x.record.Authorized = true
	return nil
}

// findBucket checks that the bucket is there and was asked for in its own region.
func (x *exchange) findBucket(o *ossRequest) *Answer {
	x.detail["BucketName"] = o.bucket
	for _, a := range x.cloud.accounts {
		region, _, ok := a.Find(bucketKind, o.bucket)
		if !ok {
			continue
		}
		if a != x.key.Account {
			return refusal(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
		}
		if region != o.scopeRegion {
			x.cloud.journal.violation(x.record, "bucket "+o.bucket+" is in "+region)
			x.detail["Endpoint"] = "oss-" + region + ".aliyuncs.com"
			return refusal(403, "AccessDenied", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
		}
		return nil
	}
	return refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
}

func (x *exchange) handleOSS() *Answer {
	x.xml, x.record.Product = true, "oss"
	o, bad := x.parseOSS()
	if bad != nil {
		return bad
	}
	a, params := x.findOSSAction(o)
	if a != nil {
		x.record.Action = a.Name
	}
	if bad := x.verifyOSS(o); bad != nil {
		return bad
	}
	if a == nil {
		x.cloud.journal.violation(x.record, "no such call of the object store: "+x.r.URL.RawQuery)
		return refusal(400, "InvalidArgument", "There is no such call.")
	}
	if x.r.Method != http.MethodGet {
		x.cloud.journal.violation(x.record, "method "+x.r.Method+" of "+a.Name)
		return refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	if o.bucket != "" {
		if bad := x.findBucket(o); bad != nil {
			return bad
		}
	}
	x.call = &Call{Action: a, Account: x.key.Account, Region: o.scopeRegion, Params: params, Bucket: o.bucket, key: &x.key}
	return x.perform()
}

// xmlError is the object store's form of an error.
func (x *exchange) xmlError(a *Answer) []byte {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n")
	write := func(name, value string) {
		b.WriteString("  <" + name + ">")
		xml.EscapeText(&b, []byte(value))
		b.WriteString("</" + name + ">\n")
	}
	write("Code", a.Code)
	write("Message", a.Message)
	write("RequestId", x.requestID)
	write("HostId", x.host)
	for _, name := range []string{"BucketName", "Endpoint", "OSSAccessKeyId", "SignatureProvided", "StringToSign",
		"CanonicalRequest", "MaxAllowedSkewMilliseconds", "RequestTime", "ServerTime", "EC"} {
		if x.detail[name] != "" {
			write(name, x.detail[name])
		}
	}
	if x.denied != nil {
		b.WriteString("  <AccessDeniedDetail>")
		write("AuthAction", x.denied.AuthAction)
		write("AuthPrincipalType", x.denied.AuthPrincipalType)
		write("AuthPrincipalOwnerId", x.denied.AuthPrincipalOwnerId)
		write("AuthPrincipalDisplayName", x.denied.AuthPrincipalDisplayName)
		write("NoPermissionType", x.denied.NoPermissionType)
		write("PolicyType", x.denied.PolicyType)
		write("EncodedDiagnosticMessage", x.denied.EncodedDiagnosticMessage)
		b.WriteString("  </AccessDeniedDetail>\n")
	}
	b.WriteString("</Error>\n")
	return []byte(b.String())
}
