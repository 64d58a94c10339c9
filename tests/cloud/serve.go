package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

type connKey struct{}

// ServeHTTP answers for every host of the cloud.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{cloud: c, w: w, r: r, now: c.now(), requestID: randomUUID(), detail: map[string]string{}}
	x.host, x.loopback = hostName(r.Host)
	x.record = &Record{TimeMs: c.journal.since(), Host: r.Host, Protocol: r.Proto, RequestID: x.requestID,
		Provider: r.Header.Get("X-Acs-Credentials-Provider")}
	if _, port, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		x.record.Port = port
	}
	c.journal.begin()
	defer c.journal.end(x.record)
	var ok bool
	if x.content, ok = readBody(r); !ok {
		x.write(refusal(413, "RequestTooLarge", "The body is too large or was cut off."), nil)
		return
	}
	handler := x.service()
	if handler == nil {
		return
	}
	answer, rule := handler(), x.rule
	x.write(answer, rule)
}

// service chooses by the host's name and the path; nil: it is answered already.
func (x *exchange) service() func() *Answer {
	switch path := x.r.URL.Path; {
	case path == redirectPath:
		x.cloud.journal.violation(x.record, "a redirect was followed")
		x.w.Write([]byte("redirected\n"))
		return nil
	case path == "/v1/exchange" || path == "/v1/token" || path == "/cloud-credentials":
		return x.handleLogin
	}
	_, _, isOSS := ossHost(x.host)
	if isOSS || strings.HasPrefix(x.r.Header.Get("Authorization"), "OSS") || x.r.Header.Get("X-Oss-Date") != "" {
		return x.handleOSS
	}
	return x.handleRPC
}

// Parameters that say which page is asked for.
var pageNumbers = []string{"PageNumber", "CurrentPage", "PageNum", "PageNo", "PageIndex"}

func (c *Call) page() int {
	for _, name := range pageNumbers {
		if n, err := strconv.Atoi(c.Params[name]); err == nil {
			return n
		}
	}
	if c.Account == nil {
		return 1
	}
	for name, value := range c.Params {
		if len(value) != 20 || !strings.Contains(strings.ToLower(name), "token") && !strings.HasSuffix(strings.ToLower(name), "marker") {
			continue
		}
		if _, page, ok := c.readToken(value); ok {
			return page
		}
	}
	return 1
}

const paramTextMax = 80

// paramText is what the journal keeps of the parameters: no tokens but those of pages.
func paramText(params map[string]string) string {
	names := make([]string, 0, len(params))
	for name := range params {
		if name != "OIDCToken" && name != "SecurityToken" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		value := params[name]
		if len(value) > paramTextMax {
			value = value[:paramTextMax]
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(percentEncode(name, "") + "=" + percentEncode(value, ":/"))
	}
	return b.String()
}

func (x *exchange) sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
	}
}

// perform answers a call whose signature is right.
func (x *exchange) perform() *Answer {
	call, c := x.call, x.cloud
	a := call.Action
	x.record.Product, x.record.Action, x.record.Region = a.Product, a.Name, call.place()
	x.record.Params, x.record.Page = paramText(call.Params), call.page()
	if call.Bucket != "" {
		x.record.Params = strings.TrimSuffix("bucket="+call.Bucket+"&"+x.record.Params, "&")
	}
	x.sleep(c.o.latency)
	if x.rule = c.faults.find(x.record, false); x.rule != nil {
		x.record.Fault = x.rule.Do
		if answer := x.fault(); answer != nil {
			return answer
		}
	}
	if call.Account != nil {
		if ms := c.rates.take(call, time.Now()); ms > 0 {
			return x.throttled(ms)
		}
	}
	if !x.xml {
		if bad := x.checkMethod(a); bad != nil {
			return bad
		}
		if id := call.Params["RegionId"]; id != "" && !a.Global && !knownRegion(id) {
			return refusal(404, "InvalidRegionId.NotFound", "The provided parameter RegionId "+id+" is not valid.")
		}
	}
	if bad := checkParams(call); bad != nil {
		c.journal.violation(x.record, bad.Code+": "+bad.Message)
		return bad
	}
	answer := a.Answer(call)
	return &answer
}

func (x *exchange) throttled(ms int64) *Answer {
	if x.xml {
		return refusal(503, "QpsLimitExceeded", "Please reduce your request rate.")
	}
	if ms >= 0 {
		x.w.Header().Set("X-Acs-Retry-After", strconv.FormatInt(ms, 10))
	}
	return x.cloud.rates.throttleAnswer()
}

func jsonText(v interface{}) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // Content that cannot be encoded is a mistake of this program.
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// withRequestID puts a RequestId into an object.
func (x *exchange) withRequestID(body []byte) []byte {
	if len(body) < 2 || body[0] != '{' {
		return body
	}
	head := []byte(`{"RequestId":"` + x.requestID + `"`)
	if len(body) > 2 {
		head = append(head, ',')
	}
	return append(head, body[1:]...)
}

func (x *exchange) jsonError(a *Answer) []byte {
	e := map[string]interface{}{"RequestId": x.requestID, "HostId": x.r.Host, "Code": a.Code, "Message": a.Message,
		"Recommend": fmt.Sprintf("https://api.aliyun.com/troubleshoot?q=%s&product=%s&requestId=%s",
			a.Code, x.record.Product, x.requestID)}
	if x.denied != nil {
		e["AccessDeniedDetail"] = x.denied
	}
	return jsonText(e)
}

// body turns an answer into its bytes and their type.
func (x *exchange) body(a *Answer) (body []byte, contentType string, status int) {
	status = a.Status
	if status == 0 {
		status = 200
		if a.Code != "" {
			status = 400
		}
	}
	switch {
	case a.Code != "" && x.xml:
		return x.xmlError(a), "application/xml", status
	case a.Code != "":
		return x.jsonError(a), "application/json;charset=utf-8", status
	case a.Raw != nil:
		return a.Raw, "application/json", status
	case a.XML != nil:
		return a.XML, "application/xml", status
	}
	return x.withRequestID(jsonText(a.JSON)), "application/json;charset=utf-8", status
}

// write sends an answer, or what a fault makes of it.
func (x *exchange) write(a *Answer, rule *Rule) {
	body, contentType, status := x.body(a)
	x.record.Status, x.record.Code = status, a.Code
	h := x.w.Header()
	h.Set("Date", x.now.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", contentType)
	if x.xml {
		h.Set("X-Oss-Request-Id", x.requestID)
		h.Set("Server", "AliyunOSS")
	} else {
		h.Set("X-Acs-Request-Id", x.requestID)
		h.Set("X-Acs-Trace-Id", strings.ToLower(strings.Replace(x.requestID, "-", "", -1)))
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Vary", "Accept-Encoding")
	}
	if rule != nil {
		if body, status = x.spoil(rule, body, status); body == nil {
			return
		}
		x.record.Status = status
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	x.w.Write(body)
}

// resetConnection makes the peer see a reset.
func (x *exchange) resetConnection() {
	conn, _ := x.r.Context().Value(connKey{}).(net.Conn)
	for conn != nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
			tcp.Close()
			break
		}
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = inner.NetConn()
	}
	panic(http.ErrAbortHandler)
}

func connContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}
