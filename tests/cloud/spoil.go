package main

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	redirectPath = "/redirected"
	hangDefault  = 120 * time.Second
)

// notActivated is what products say that an account does not use.
var notActivated = map[string]*Answer{
	"oss": {Status: 403, Code: "UserDisable", Message: "UserDisable"},
	"cdn": {Status: 404, Code: "CdnServiceNotFound", Message: "The CDN service is not found. You must activate the CDN service first."},
	"sas": {Status: 400, Code: "NotPurchased", Message: "The service has not been purchased."},
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func orStatus(status, otherwise int) int {
	if status == 0 {
		return otherwise
	}
	return status
}

// fault does what a rule says instead of the call; nil: the call is answered, and maybe spoiled.
func (x *exchange) fault() *Answer {
	rule := x.rule
	if rule.Do != "hang" {
		x.sleep(time.Duration(rule.Ms) * time.Millisecond)
	}
	switch rule.Do {
	case "throttle":
		return x.faultThrottle()
	case "deny":
		return x.faultDeny()
	case "expire":
		if x.key.Token == "" {
			return nil // A key of a user has no end.
		}
		x.cloud.keys.expire(x.key.ID, x.now)
		if x.xml {
			return refusal(403, "SecurityTokenExpired", "The security token you provided has expired.")
		}
		return refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	case "status":
		return refusal(rule.Status, orText(rule.Code, "InternalError"),
			orText(rule.Message, "The request processing has failed due to some unknown error, exception or failure."))
	case "code":
		return refusal(orStatus(rule.Status, 400), rule.Code, orText(rule.Message, "A fault of the test."))
	case "not_activated":
		answer := refusal(400, "ServiceNotOpen", "The service is not open.")
		if known := notActivated[x.call.Action.Product]; known != nil {
			answer = refusal(known.Status, known.Code, known.Message)
		}
		answer.Code, answer.Status = orText(rule.Code, answer.Code), orStatus(rule.Status, answer.Status)
		return answer
	case "error200":
		return refusal(200, orText(rule.Code, "InternalError"), orText(rule.Message, "An error with the status of success."))
	case "empty_page":
		x.call.tweak.empty = true
	case "grow":
		x.call.tweak.shift = -1
	case "shrink":
		x.call.tweak.shift = 1
	}
	return nil
}

func (x *exchange) faultThrottle() *Answer {
	ms := int64(-1)
	if x.rule.RetryAfterMs != nil {
		ms = *x.rule.RetryAfterMs
	}
	answer := x.throttled(ms)
	answer.Code, answer.Status = orText(x.rule.Code, answer.Code), orStatus(x.rule.Status, answer.Status)
	return answer
}

func (x *exchange) faultDeny() *Answer {
	principal := "SubUser"
	if x.key.Type == "AssumedRoleUser" {
		principal = "AssumedRoleUser"
	}
	x.denied = &denial{AuthAction: x.call.Action.RAM, AuthPrincipalType: principal,
		AuthPrincipalOwnerId: x.record.Account, AuthPrincipalDisplayName: x.key.Name,
		NoPermissionType: "ImplicitDeny", PolicyType: "AccountLevelIdentityBasedPolicy",
		EncodedDiagnosticMessage: base64.StdEncoding.EncodeToString(randomBytes(48))}
	code, message := "Forbidden.RAM", "User not authorized to operate on the specified resource, or this API doesn't support RAM."
	if x.xml {
		code, message = "AccessDenied", "You have no right to access this object because of bucket acl."
	} else if x.call.Action.Product == "sas" || x.call.Action.Product == "ims" {
		code, message = "NoPermission", "caller has no permission"
	}
	return refusal(orStatus(x.rule.Status, 403), orText(x.rule.Code, code), orText(x.rule.Message, message))
}

var (
	totalField = regexp.MustCompile(`"(TotalCount|TotalRecordCount|TotalRecords|TotalNumber|TotalItemCount|Total|TotalRecordsCount)":(\d+)`)
	tokenField = regexp.MustCompile(`"(NextToken|nextToken|NextMarker)":"[^"]*"`)
	tokenXML   = regexp.MustCompile(`<NextMarker>[^<]*</NextMarker>`)
)

// addToTotal changes the total that an answer names.
func addToTotal(body []byte, by int) []byte {
	return totalField.ReplaceAllFunc(body, func(field []byte) []byte {
		m := totalField.FindSubmatch(field)
		n, _ := strconv.Atoi(string(m[2]))
		if n += by; n < 0 {
			n = 0
		}
		return []byte(`"` + string(m[1]) + `":` + strconv.Itoa(n))
	})
}

// repeatToken hands the token of this page out once more, so that the list never ends.
func (x *exchange) repeatToken(body []byte) []byte {
	for name, value := range x.call.Params {
		lower := strings.ToLower(name)
		if value == "" || !strings.HasSuffix(lower, "token") && !strings.HasSuffix(lower, "marker") {
			continue
		}
		if x.xml {
			return tokenXML.ReplaceAllLiteral(body, []byte("<NextMarker>"+value+"</NextMarker>"))
		}
		return tokenField.ReplaceAllFunc(body, func(field []byte) []byte {
			return []byte(`"` + string(tokenField.FindSubmatch(field)[1]) + `":"` + value + `"`)
		})
	}
	return body
}

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Please sign in</title></head><body><h1>Network login</h1></body></html>\n"

// spoil changes an answer on its way out; nil: nothing more is to be sent.
func (x *exchange) spoil(rule *Rule, body []byte, status int) ([]byte, int) {
	h := x.w.Header()
	switch rule.Do {
	case "html":
		h.Set("Content-Type", "text/html; charset=utf-8")
		return []byte(htmlPage), orStatus(rule.Status, 200)
	case "redirect":
		scheme := "https"
		if x.r.TLS == nil {
			scheme = "http"
		}
		h.Set("Location", scheme+"://"+x.r.Host+redirectPath)
		return []byte("moved\n"), orStatus(rule.Status, http.StatusFound)
	case "empty":
		return []byte{}, orStatus(rule.Status, 200)
	case "body":
		return []byte(rule.Body), orStatus(rule.Status, status)
	case "malformed":
		return append(append([]byte{}, body[:len(body)*2/3]...), "]]}>\"\x00\xff"...), status
	case "repeat_token":
		return x.repeatToken(body), status
	case "total_changes":
		return addToTotal(body, x.record.Page*3), status
	case "grow":
		return addToTotal(body, 1), status
	case "shrink":
		return addToTotal(body, -1), status
	case "truncate":
		h.Set("Content-Length", strconv.Itoa(len(body)))
		x.w.WriteHeader(status)
		x.w.Write(body[:len(body)/2])
		if f, ok := x.w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	case "drop":
		panic(http.ErrAbortHandler)
	case "reset":
		x.resetConnection()
	case "hang":
		d := hangDefault
		if rule.Ms > 0 {
			d = time.Duration(rule.Ms) * time.Millisecond
		}
		x.sleep(d)
		panic(http.ErrAbortHandler)
	}
	return body, status
}
