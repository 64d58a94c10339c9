package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// rateBook limits calls: a token bucket for each account, product, action and region.
type rateBook struct {
	mu         sync.Mutex
	documented bool
	given      map[string]float64 // "ecs:DescribeInstances", "ecs:*", "*"
	buckets    map[string]*rateBucket
	turn       int
}

type rateBucket struct {
	tokens float64
	at     time.Time
}

// A client that spaces its calls exactly still has them arrive unevenly.
const rateBurstMin = 3

func newRateBook(how string) (*rateBook, error) {
	b := &rateBook{buckets: map[string]*rateBucket{}}
	switch how {
	case "none", "":
	case "documented":
		b.documented = true
	default:
		text, err := os.ReadFile(how)
		if err != nil {
			return nil, err
		}
		if err := b.set(text); err != nil {
			return nil, fmt.Errorf("%s: %v", how, err)
		}
	}
	return b, nil
}

func (b *rateBook) set(text []byte) error {
	given := map[string]float64{}
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	b.mu.Lock()
	b.given, b.buckets = given, map[string]*rateBucket{}
	b.mu.Unlock()
	return nil
}

func (b *rateBook) rate(a *Action) float64 {
	for _, name := range []string{a.Product + ":" + a.Name, a.Product + ":*", "*"} {
		if rate, ok := b.given[name]; ok {
			return rate
		}
	}
	if b.documented {
		return a.Rate
	}
	return 0
}

// place is where a call is about: its region, else that of the resource it names. A host that serves
// several regions counts the calls of each by itself.
func (c *Call) place() string {
	if c.Region != "" || c.Account == nil {
		return c.Region
	}
	for _, value := range c.Params {
		if region := c.Account.Place(value); region != "" {
			return region
		}
	}
	return ""
}

// take is 0 when the call may be made, else the milliseconds until one may.
func (b *rateBook) take(c *Call, now time.Time) int64 {
	if !b.documented && len(b.given) == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	rate := b.rate(c.Action)
	if rate <= 0 {
		return 0
	}
	burst := rate
	if burst < rateBurstMin {
		burst = rateBurstMin
	}
	name := strings.Join([]string{c.Account.UID, c.Action.Product, c.Action.Name, c.place()}, "/")
	bucket := b.buckets[name]
	if bucket == nil {
		bucket = &rateBucket{tokens: burst, at: now}
		b.buckets[name] = bucket
	}
	bucket.tokens += now.Sub(bucket.at).Seconds() * rate
	bucket.at = now
	if bucket.tokens > burst {
		bucket.tokens = burst
	}
	if bucket.tokens < 1 {
		return int64((1-bucket.tokens)/rate*1000) + 1
	}
	bucket.tokens--
	return 0
}

// throttleAnswer has another of the codes and statuses that the cloud uses each time.
func (b *rateBook) throttleAnswer() *Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	statuses := []int{400, 429, 503}
	return &Answer{Status: statuses[b.turn%3], Code: "Throttling.User",
		Message: "Request was denied due to user flow control."}
}

func (b *rateBook) reset() {
	b.mu.Lock()
	b.buckets = map[string]*rateBucket{}
	b.mu.Unlock()
}

func throttleCode(code string) bool {
	return strings.Contains(code, "Throttling") || code == "QpsLimitExceeded"
}
