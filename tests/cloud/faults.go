package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sync"
)

// Match says which calls a rule is about; what is left out matches everything.
type Match struct {
	Product     string  `json:"product"`
	Action      string  `json:"action"`
	Region      string  `json:"region"`
	Account     string  `json:"account"` // Its digits or its name.
	Page        int     `json:"page"`
	Nth         int     `json:"nth"` // The nth call that matches the rest, from 1.
	Probability float64 `json:"probability"`
}

// Rule is one fault.
type Rule struct {
	Match        Match  `json:"match"`
	Times        int    `json:"times"` // 0: always.
	Do           string `json:"do"`
	Code         string `json:"code"`
	Message      string `json:"message"`
	Body         string `json:"body"`
	Status       int    `json:"status"`
	Ms           int64  `json:"ms"`
	RetryAfterMs *int64 `json:"retry_after_ms"`

	seen, done int
}

var faultNames = []string{"throttle", "deny", "delay", "hang", "html", "redirect", "empty", "error200",
	"malformed", "truncate", "drop", "reset", "expire", "repeat_token", "empty_page", "total_changes",
	"grow", "shrink", "status", "code", "not_activated", "nxdomain", "body"}

type faultBook struct {
	mu    sync.Mutex
	rules []*Rule
	dice  *rand.Rand
}

func newFaultBook(seed uint64) *faultBook {
	return &faultBook{dice: rand.New(rand.NewSource(int64(seed)))}
}

// set replaces all rules.
func (b *faultBook) set(text []byte) error {
	var rules []*Rule
	if err := json.Unmarshal(text, &rules); err != nil {
		return err
	}
	for i, r := range rules {
		if !contains(faultNames, r.Do) {
			return fmt.Errorf("rule %d: there is no fault %q", i, r.Do)
		}
		if r.Do == "code" && r.Code == "" {
			return fmt.Errorf("rule %d: code is missing", i)
		}
		if r.Do == "status" && r.Status == 0 {
			return fmt.Errorf("rule %d: status is missing", i)
		}
	}
	b.mu.Lock()
	b.rules = rules
	b.mu.Unlock()
	return nil
}

func same(want, is string) bool { return want == "" || want == is }

// find is the first rule that matches, which is thereby used once. nxdomain is asked for at the proxy.
func (b *faultBook) find(r *Record, atProxy bool) *Rule {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rule := range b.rules {
		m := &rule.Match
		if atProxy != (rule.Do == "nxdomain") || rule.Times > 0 && rule.done >= rule.Times {
			continue
		}
		if !same(m.Product, r.Product) || !same(m.Action, r.Action) && !atProxy || !same(m.Region, r.Region) ||
			!same(m.Account, r.Account) && m.Account != r.accountName && !atProxy || m.Page != 0 && m.Page != r.Page {
			continue
		}
		rule.seen++
		if m.Nth != 0 && rule.seen != m.Nth {
			continue
		}
		if m.Probability != 0 && b.dice.Float64() >= m.Probability {
			continue
		}
		rule.done++
		copied := *rule
		return &copied
	}
	return nil
}
