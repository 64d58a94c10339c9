package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Login is what an account's users have besides access keys.
type Login struct {
	OIDCToken    string
	OAuthAccess  string
	OAuthRefresh string
	SSOAccess    string
	URISecret    string // In the query of the credentials URI.
	PastAccess   string // An access token that has ended.
}

type loginStore struct {
	mu        sync.Mutex
	byAccount map[*Account]*Login
	metadata  map[string]time.Time // Tokens of the metadata service.
}

func newLoginStore() *loginStore {
	return &loginStore{byAccount: map[*Account]*Login{}, metadata: map[string]time.Time{}}
}

func fakeJWT() string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"alg":"RS256","typ":"JWT"}`) + "." + part(`{"iss":"https://idp.test","jti":"`+randomText(12)+`"}`) + "." + randomText(172)
}

// of is a copy: what a refresh changes is changed under the lock.
func (s *loginStore) of(a *Account) Login {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.byAccount[a]
	if l == nil {
		l = &Login{OIDCToken: fakeJWT(), OAuthAccess: fakeJWT(), OAuthRefresh: randomText(64), SSOAccess: fakeJWT(),
			URISecret: randomText(32), PastAccess: fakeJWT()}
		s.byAccount[a] = l
	}
	return *l
}

// findLogin is the account whose login fits.
func (c *Cloud) findLogin(fits func(l Login) bool) *Account {
	for _, a := range c.accounts {
		if fits(c.logins.of(a)) {
			return a
		}
	}
	return nil
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// handleLogin is OAuth's exchange and refresh, and CloudSSO's credentials.
func (x *exchange) handleLogin() *Answer {
	x.record.Product, x.record.Action = "oauth", "Exchange"
	switch x.r.URL.Path {
	case "/v1/token":
		x.record.Action = "Refresh"
	case "/cloud-credentials":
		x.record.Product, x.record.Action = "cloudsso", "CreateCloudCredential"
	}
	x.call = &Call{Action: &Action{Product: x.record.Product, Name: x.record.Action}, Params: map[string]string{}}
	if x.r.TLS == nil {
		x.cloud.journal.violation(x.record, "a login token over plain http")
	}
	x.sleep(x.cloud.o.latency)
	if x.rule = x.cloud.faults.find(x.record, false); x.rule != nil {
		x.record.Fault = x.rule.Do
		if answer := x.fault(); answer != nil {
			return answer
		}
	}
	if x.r.Method != http.MethodPost {
		return refusal(405, "UnsupportedHTTPMethod", "This http method is not supported.")
	}
	switch x.record.Action {
	case "Exchange":
		return x.exchangeOAuth()
	case "Refresh":
		return x.refreshOAuth()
	}
	return x.cloudCredential()
}

func (x *exchange) exchangeOAuth() *Answer {
	account := x.cloud.findLogin(func(l Login) bool { return sameText(l.OAuthAccess, bearer(x.r)) })
	if account == nil {
		return refusal(401, "invalid_token", "The access token is invalid: "+bearer(x.r))
	}
	x.record.Account, x.record.accountName, x.record.Authorized = account.UID, account.Name, true
	key := x.cloud.newSession(account, readerRole, "oauth", time.Hour)
	return &Answer{JSON: obj{"requestId": x.requestID, "accessKeyId": key.ID, "accessKeySecret": key.Secret,
		"securityToken": key.Token, "expiration": key.Expires.UTC().Format(dateForm)}}
}

func (x *exchange) refreshOAuth() *Answer {
	pairs, _ := parsePairs(string(x.content))
	form := map[string]string{}
	for _, p := range pairs {
		form[p.name] = p.value
	}
	account := x.cloud.findLogin(func(l Login) bool { return sameText(l.OAuthRefresh, form["refresh_token"]) })
	if account == nil || form["grant_type"] != "refresh_token" || form["client_id"] == "" {
		return refusal(400, "invalid_grant", "The refresh token is invalid.")
	}
	x.record.Account, x.record.accountName, x.record.Authorized = account.UID, account.Name, true
	x.cloud.logins.mu.Lock()
	defer x.cloud.logins.mu.Unlock()
	login := x.cloud.logins.byAccount[account]
	login.OAuthAccess, login.OAuthRefresh = fakeJWT(), randomText(64) // The old one is of no more use.
	return &Answer{JSON: obj{"access_token": login.OAuthAccess, "refresh_token": login.OAuthRefresh,
		"token_type": "Bearer", "expires_in": 3600}}
}

func (x *exchange) cloudCredential() *Answer {
	account := x.cloud.findLogin(func(l Login) bool { return sameText(l.SSOAccess, bearer(x.r)) })
	if account == nil {
		return refusal(401, "InvalidAccessToken", "The access token is invalid: "+bearer(x.r))
	}
	x.record.Account, x.record.accountName, x.record.Authorized = account.UID, account.Name, true
	var asked struct{ AccountId, AccessConfigurationId string }
	if err := json.Unmarshal(x.content, &asked); err != nil || asked.AccountId != account.UID ||
		asked.AccessConfigurationId != accessConfiguration(account) {
		return refusal(400, "EntityNotExists.AccessConfiguration", "The specified access configuration does not exist.")
	}
	key := x.cloud.newSession(account, readerRole, "cloudsso", time.Hour)
	return &Answer{JSON: obj{"CloudCredential": obj{"AccessKeyId": key.ID, "AccessKeySecret": key.Secret,
		"SecurityToken": key.Token, "Expiration": key.Expires.UTC().Format(dateForm)}}}
}

func accessConfiguration(a *Account) string {
	return "ac-" + base36(hashText(a.Seed, "access configuration"), 13)
}

// metadataHandler is the instance metadata service, and the credentials URI, over plain http.
type metadataHandler struct{ cloud *Cloud }

func (m metadataHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := m.cloud
	x := &exchange{cloud: c, w: w, r: r, now: c.now(), requestID: randomUUID(), detail: map[string]string{}}
	x.host, x.loopback = hostName(r.Host)
	x.record = &Record{TimeMs: c.journal.since(), Host: r.Host, Protocol: r.Proto, Product: "metadata",
		Action: "Role", RequestID: x.requestID}
	c.journal.begin()
	defer c.journal.end(x.record)
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/credentials/"):
		x.record.Product, x.record.Action = "uri", "Credentials"
	case path == "/latest/api/token":
		x.record.Action = "Token"
	case path == "/latest/meta-data/region-id":
		x.record.Action = "RegionId"
	case strings.HasPrefix(path, credentialsPath) && path != credentialsPath:
		x.record.Action = "Credentials"
	}
	x.call = &Call{Action: &Action{Product: x.record.Product, Name: x.record.Action}, Params: map[string]string{}}
	if r.Header.Get("X-Forwarded-For") != "" || r.URL.Host != "" {
		c.journal.violation(x.record, "the metadata service was asked through a proxy")
	}
	x.sleep(c.o.latency)
	if x.rule = c.faults.find(x.record, false); x.rule != nil {
		x.record.Fault = x.rule.Do
		if answer := x.fault(); answer != nil {
			x.write(answer, x.rule)
			return
		}
	}
	var answer *Answer
	if x.record.Product == "uri" {
		answer = x.credentialsURI()
	} else {
		answer = x.metadata()
	}
	x.write(answer, x.rule)
}

const (
	credentialsPath  = "/latest/meta-data/ram/security-credentials/"
	metadataTokenMax = 21600
)

func (x *exchange) metadataToken() *Answer {
	seconds, err := strconv.Atoi(x.r.Header.Get("X-Aliyun-Ecs-Metadata-Token-Ttl-Seconds"))
	if x.r.Method != http.MethodPut || err != nil || seconds < 1 || seconds > metadataTokenMax {
		return refusal(400, "BadRequest", "PUT with a time to live of 1 to 21600 seconds.")
	}
	token := randomText(56)
	x.cloud.logins.mu.Lock()
	x.cloud.logins.metadata[token] = time.Now().Add(time.Duration(seconds) * time.Second)
	x.cloud.logins.mu.Unlock()
	x.record.Authorized = true
	return &Answer{Raw: []byte(token)}
}

// instanceRole is the role of one account's instance.
func instanceRole(a *Account) string { return fmt.Sprintf("%s-%d", ecsRole, a.Index) }

func (x *exchange) metadata() *Answer {
	if x.record.Action == "Token" {
		return x.metadataToken()
	}
	if x.r.Method != http.MethodGet {
		return refusal(405, "MethodNotAllowed", "GET only.")
	}
	token := x.r.Header.Get("X-Aliyun-Ecs-Metadata-Token")
	x.cloud.logins.mu.Lock()
	ends, known := x.cloud.logins.metadata[token]
	x.cloud.logins.mu.Unlock()
	if token != "" && (!known || time.Now().After(ends)) || token == "" && !x.cloud.o.imdsV1 {
		return refusal(403, "Forbidden", "A token is needed.")
	}
	x.record.Authorized = token != ""
	switch x.record.Action {
	case "RegionId":
		return &Answer{Raw: []byte(x.cloud.accounts[0].Regions[0])}
	case "Credentials":
		for _, a := range x.cloud.accounts {
			if x.r.URL.Path == credentialsPath+instanceRole(a) {
				return x.successCredentials(a, ecsRole, "i-"+a.UID)
			}
		}
	case "Role":
		if x.r.URL.Path == credentialsPath {
			return &Answer{Raw: []byte(instanceRole(x.cloud.accounts[0]) + "\n")}
		}
	}
	return refusal(404, "NotFound", "Not found.")
}

func (x *exchange) successCredentials(a *Account, role, session string) *Answer {
	key := x.cloud.newSession(a, role, session, time.Hour)
	x.record.Account, x.record.accountName = a.UID, a.Name
	return &Answer{JSON: obj{"Code": "Success", "AccessKeyId": key.ID, "AccessKeySecret": key.Secret,
		"SecurityToken": key.Token, "Expiration": key.Expires.UTC().Format(dateForm),
		"LastUpdated": x.now.UTC().Format(dateForm)}}
}

func (x *exchange) credentialsURI() *Answer {
	a := x.cloud.byUID[strings.TrimPrefix(x.r.URL.Path, "/credentials/")]
	if a == nil || x.r.Method != http.MethodGet || !sameText(x.r.URL.Query().Get("auth"), x.cloud.logins.of(a).URISecret) {
		return refusal(403, "Forbidden", "The secret of the query is wrong: "+x.r.URL.RawQuery)
	}
	x.record.Authorized = true
	return x.successCredentials(a, readerRole, "uri")
}
