package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	bodyMax  = 1 << 20
	clockMax = 15 * time.Minute
	dateForm = "2006-01-02T15:04:05Z"
)

func refusal(status int, code, message string) *Answer {
	return &Answer{Status: status, Code: code, Message: message}
}

// protocolParams are those of V1 that are no parameters of the action.
var protocolParams = map[string]bool{"AccessKeyId": true, "Action": true, "Format": true, "Signature": true,
	"SignatureMethod": true, "SignatureNonce": true, "SignatureVersion": true, "Timestamp": true,
	"Version": true, "SecurityToken": true, "SignatureType": true}

// rpcRequest is what both signatures of RPC and ROA have in common.
type rpcRequest struct {
	query, all      []pair // all: with the form.
	action, version string
	v1              bool
	params          map[string]string
}

func (x *exchange) parseRPC() (*rpcRequest, *Answer) {
	q := &rpcRequest{params: map[string]string{}}
	var ok bool
	if q.query, ok = parsePairs(x.r.URL.RawQuery); !ok {
		return nil, refusal(400, "InvalidParameter", "The query cannot be read.")
	}
	q.all = q.query
	if strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, ok := parsePairs(string(x.content))
		if !ok {
			return nil, refusal(400, "InvalidParameter", "The form cannot be read.")
		}
		q.all = append(append([]pair(nil), q.query...), form...)
	} else if len(x.content) > 0 {
		x.cloud.journal.violation(x.record, "a body that is not a form")
	}
	q.action, q.version = x.r.Header.Get("X-Acs-Action"), x.r.Header.Get("X-Acs-Version")
	for _, p := range q.all {
		if _, twice := q.params[p.name]; twice {
			x.cloud.journal.violation(x.record, "parameter "+p.name+" is sent twice")
		}
		q.params[p.name] = p.value
	}
	unsigned := x.r.Header.Get("Authorization") == "" && q.params["Action"] != ""
	if q.params["Signature"] != "" || q.params["SignatureMethod"] != "" || unsigned {
		q.v1, q.action, q.version = true, q.params["Action"], q.params["Version"]
		if !strings.EqualFold(q.params["Format"], "JSON") { // Without it the cloud answers in XML.
			return nil, refusal(400, "InvalidParameter.Format", "Specified parameter format is not valid.")
		}
	}
	for name := range q.params {
		if q.v1 && protocolParams[name] {
			delete(q.params, name)
		}
	}
	return q, nil
}

// route finds the action that the request means, and checks that the host's name fits.
func (x *exchange) route(q *rpcRequest) (*Action, *Answer) {
	c := x.cloud
	var rows []*hostRow
	region := ""
	if !x.loopback {
		if rows, region = c.hosts.lookup(x.host); len(rows) == 0 {
			return nil, refusal(404, "InvalidProduct.NotFound", "Cannot find product according to your specified domain.")
		}
		x.record.Product = rows[0].product
	}
	if q.action == "" {
		return nil, refusal(400, "MissingAction", "Action is mandatory for this action.")
	}
	x.record.Action = q.action
	if q.version == "" {
		return nil, refusal(400, "MissingVersion", "Version is mandatory for this action.")
	}
	if !c.actions.byVersion[q.version] {
		return nil, refusal(400, "InvalidVersion", "Specified parameter Version is not valid.")
	}
	candidates := c.actions.byName[q.version+"/"+q.action]
	for _, a := range candidates {
		if x.loopback {
			x.call = &Call{Action: a, Region: q.params["RegionId"]}
			return a, nil
		}
		for _, row := range rows {
			if row.product == a.Product {
				x.record.Product = a.Product
				return a, x.routeRegion(a, row, region, q)
			}
		}
	}
	if len(candidates) > 0 {
		c.journal.violation(x.record, "the host is another product's: "+x.host)
		return nil, refusal(400, "InvalidVersion", "Specified parameter Version is not valid.")
	}
	c.journal.violation(x.record, "unknown action "+q.action)
	return nil, refusal(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
}

func (x *exchange) routeRegion(a *Action, row *hostRow, region string, q *rpcRequest) *Answer {
	x.call = &Call{Action: a, Region: region}
	asked := q.params["RegionId"]
	if asked == "" {
		return nil
	}
	if !a.Global && !x.cloud.hosts.serves(row, asked) {
		if knownRegion(asked) {
			x.cloud.journal.violation(x.record, "region "+asked+" is not served by "+x.host)
		}
		return refusal(404, "InvalidRegionId", "The specified region "+asked+" is not served here.")
	}
	x.call.Region = asked
	return nil
}

// findKey looks the access key and its token up.
func (x *exchange) findKey(id, token string) *Answer {
	key, ok := x.cloud.keys.find(id)
	if !ok {
		return refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	x.key = key
	x.record.Account, x.record.accountName, x.record.Principal = key.Account.UID, key.Account.Name, key.Arn()
	switch {
	case key.Inactive:
		return refusal(400, "InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
	case key.Token != "" && token == "":
		return refusal(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
	case key.Token == "" && token != "":
		return refusal(400, "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatches the AccessKey.")
	case key.Token != "" && len(token) < 32:
		return refusal(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
	case !sameText(key.Token, token):
		return refusal(400, "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatches the AccessKey.")
	case !key.Expires.IsZero() && !x.now.Before(key.Expires):
		return refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	}
	return nil
}

func (x *exchange) checkDate(text string) *Answer {
	date, err := time.Parse(dateForm, text)
	if err != nil {
		return refusal(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
	}
	if d := x.now.Sub(date); d > clockMax || d < -clockMax {
		return refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	return nil
}

func (x *exchange) checkNonce(keyID, nonce string) *Answer {
	if nonce == "" {
		return refusal(400, "MissingSignatureNonce", "SignatureNonce is mandatory for this action.")
	}
	if !x.cloud.nonces.use(keyID + "/" + nonce) {
		x.cloud.journal.violation(x.record, "a nonce was used twice")
		return refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	return nil
}

// signedAll names a header that has to be signed and is not.
func (x *exchange) unsignedHeader(signed []string) string {
	need := []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
	for name := range x.r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-acs-") || name == "content-type" {
			need = append(need, name)
		}
	}
	for _, name := range need {
		if !contains(signed, name) {
			return name
		}
	}
	return ""
}

func (x *exchange) verifyV3(q *rpcRequest) *Answer {
	h := x.r.Header
	algorithm, auth := parseAuthorization(h.Get("Authorization"))
	incomplete := refusal(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
	if algorithm != "ACS3-HMAC-SHA256" || auth["Credential"] == "" || auth["Signature"] == "" {
		return incomplete
	}
	id := auth["Credential"]
	if bad := x.findKey(id, h.Get("X-Acs-Security-Token")); bad != nil {
		return bad
	}
	if other := h.Get("X-Acs-Accesskey-Id"); other != "" && other != id {
		return refusal(400, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	}
	if bad := x.checkDate(h.Get("X-Acs-Date")); bad != nil {
		return bad
	}
	if name := x.unsignedHeader(strings.Split(auth["SignedHeaders"], ";")); name != "" {
		x.cloud.journal.violation(x.record, "header "+name+" is missing or not signed")
		incomplete.Message += " Header " + name + " is missing or not signed."
		return incomplete
	}
	hash := sha256Hex(x.content)
	if h.Get("X-Acs-Content-Sha256") != hash {
		return refusal(400, "ContentSHA256NotMatched", "Specified x-acs-content-sha256 is not that of the body.")
	}
	canonical := canonicalV3(x.r, q.query, auth["SignedHeaders"], hash, true)
	signature, toSign := signV3(x.key.Secret, canonical)
	if !sameText(signature, auth["Signature"]) {
		canonical2 := canonicalV3(x.r, q.query, auth["SignedHeaders"], hash, false)
		if signature, _ = signV3(x.key.Secret, canonical2); !sameText(signature, auth["Signature"]) {
			return refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation. server StringToSign is ["+
				toSign+"] server CanonicalRequest is ["+canonical+"]")
		}
	}
	x.record.Authorized = true
	return x.checkNonce(id, h.Get("X-Acs-Signature-Nonce"))
}

func (x *exchange) verifyV1(q *rpcRequest) *Answer {
	sent := map[string]string{}
	for _, p := range q.all {
		sent[p.name] = p.value
	}
	for _, name := range []string{"AccessKeyId", "Signature", "SignatureMethod", "SignatureNonce", "Timestamp"} {
		if sent[name] == "" {
			return refusal(400, "Missing"+name, name+" is mandatory for this action.")
		}
	}
	if sent["SignatureMethod"] != "HMAC-SHA1" || sent["SignatureVersion"] != "1.0" {
		return refusal(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
	}
	if bad := x.findKey(sent["AccessKeyId"], sent["SecurityToken"]); bad != nil {
		return bad
	}
	if bad := x.checkDate(sent["Timestamp"]); bad != nil {
		return bad
	}
	signature, toSign := signV1(x.key.Secret, x.r.Method, q.all)
	if !sameText(signature, sent["Signature"]) {
		return refusal(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:"+toSign)
	}
	x.record.Authorized = true
	return x.checkNonce(sent["AccessKeyId"], sent["SignatureNonce"])
}

// matchPath reads the parts of a ROA path into parameters.
func matchPath(pattern, path string, params map[string]string) bool {
	want, is := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(is) {
		return false
	}
	for i, part := range want {
		if strings.HasPrefix(part, "{") && is[i] != "" {
			value, err := url.PathUnescape(is[i])
			if err != nil {
				return false
			}
			params[strings.Trim(part, "{}")] = value
		} else if part != is[i] {
			return false
		}
	}
	return true
}

func (x *exchange) checkMethod(a *Action) *Answer {
	ok := x.r.Method == a.Method || a.Method == "POST" && x.r.Method == http.MethodGet
	if !ok {
		x.cloud.journal.violation(x.record, "method "+x.r.Method+" of "+a.Name)
		return refusal(400, "UnsupportedHTTPMethod", "This http method is not supported.")
	}
	return nil
}

// handleRPC takes a call of RPC or ROA from its bytes to its answer.
func (x *exchange) handleRPC() *Answer {
	q, bad := x.parseRPC()
	if bad != nil {
		return bad
	}
	a, bad := x.route(q)
	if a != nil {
		x.record.Product, x.record.Action, x.record.Region = a.Product, a.Name, x.call.Region
	}
	if bad != nil {
		return bad
	}
	anonymous := a.Product == "sts" && a.Name == "AssumeRoleWithOIDC"
	if q.v1 && !anonymous {
		bad = x.verifyV1(q)
	} else if !anonymous {
		bad = x.verifyV3(q)
	}
	if bad != nil {
		return bad
	}
	path := a.Path
	if path == "" {
		path = "/"
	}
	if !matchPath(path, x.r.URL.EscapedPath(), q.params) {
		x.cloud.journal.violation(x.record, "path of "+a.Name)
		return refusal(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
	}
	x.call.Account, x.call.Params, x.call.Path, x.call.key = x.key.Account, q.params, x.r.URL.Path, &x.key
	return x.perform()
}

func readBody(r *http.Request) ([]byte, bool) {
	if r.ContentLength == 0 {
		return nil, true
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyMax+1))
	return body, err == nil && len(body) <= bodyMax
}
