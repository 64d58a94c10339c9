package main

import (
	"net/http"
	"os"
	"sync"
	"time"
)

// Cloud is everything that the services share.
type Cloud struct {
	o        *options
	accounts []*Account
	byUID    map[string]*Account
	keys     *keyStore
	nonces   *nonceStore
	logins   *loginStore
	journal  *journal
	faults   *faultBook
	rates    *rateBook
	hosts    *hostTable
	actions  *actionTable
	ready    readyFile

	mu     sync.Mutex
	offset time.Duration // The cloud's clock less the machine's.
}

// actionTable finds actions by what a request says.
type actionTable struct {
	byName    map[string][]*Action // "version/Action"
	byVersion map[string]bool
	names     map[string]bool // "product/version/Action"
	oss       map[string]*Action
}

func newActionTable() *actionTable {
	t := &actionTable{map[string][]*Action{}, map[string]bool{}, map[string]bool{}, map[string]*Action{}}
	for _, a := range actions {
		if a.Product == "oss" {
			t.oss[ossActionKey(a.ofBucket(), a.Query)] = a
			continue
		}
		if id := a.Product + "/" + a.Version + "/" + a.Name; t.names[id] {
			panic("two actions are called " + id)
		} else {
			t.names[id] = true
		}
		t.byName[a.Version+"/"+a.Name] = append(t.byName[a.Version+"/"+a.Name], a)
		t.byVersion[a.Version] = true
	}
	return t
}

func newCloud(o *options) (*Cloud, error) {
	c := &Cloud{o: o, byUID: map[string]*Account{}, keys: newKeyStore(), nonces: newNonceStore(),
		faults: newFaultBook(o.seed), hosts: newHostTable(), offset: o.clockOffset}
	c.accounts = newAccounts(o.accounts, o.resources, o.regions, o.seed)
	for _, a := range c.accounts {
		c.byUID[a.UID] = a
	}
	addActions(c.ownActions()...)
	c.actions = newActionTable()
	c.logins = newLoginStore()
	var err error
	if c.journal, err = newJournal(o.dir, o.log); err != nil {
		return nil, err
	}
	if c.rates, err = newRateBook(o.rates); err != nil {
		return nil, err
	}
	if o.faults != "" {
		text, err := os.ReadFile(o.faults)
		if err == nil {
			err = c.faults.set(text)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// now is the cloud's clock.
func (c *Cloud) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *Cloud) setOffset(offset time.Duration) {
	c.mu.Lock()
	c.offset = offset
	c.mu.Unlock()
}

// exchange is one request on its way through the cloud.
type exchange struct {
	cloud     *Cloud
	w         http.ResponseWriter
	r         *http.Request
	content   []byte // Of the request.
	rule      *Rule
	record    *Record
	call      *Call
	key       Key
	host      string // Without its port.
	loopback  bool   // The client was told to come here: nothing follows from the host's name.
	xml       bool   // The object store's answers.
	requestID string
	now       time.Time
	detail    map[string]string // More elements of an error.
	denied    *denial
}

// denial is the AccessDeniedDetail of a refusal.
type denial struct {
	AuthAction, AuthPrincipalType, AuthPrincipalOwnerId, AuthPrincipalDisplayName string
	NoPermissionType, PolicyType, EncodedDiagnosticMessage                        string
}
