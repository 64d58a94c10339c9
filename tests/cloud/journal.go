package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Record is one call as the tests see it.
type Record struct {
	TimeMs     int64  `json:"time_ms"` // Since the start.
	Host       string `json:"host"`
	Account    string `json:"account,omitempty"`
	Principal  string `json:"principal,omitempty"`
	Product    string `json:"product,omitempty"`
	Action     string `json:"action,omitempty"`
	Region     string `json:"region,omitempty"`
	Params     string `json:"params,omitempty"` // Ids and paging, as a query.
	Page       int    `json:"page,omitempty"`
	Status     int    `json:"status"`
	Code       string `json:"code,omitempty"`
	Fault      string `json:"fault,omitempty"`
	Authorized bool   `json:"authorized"` // The signature was right.
	Protocol   string `json:"protocol"`
	Provider   string `json:"provider,omitempty"` // x-acs-credentials-provider
	RequestID  string `json:"request_id,omitempty"`
	Port       string `json:"connection,omitempty"` // The client's port tells connections apart.

	accountName string
}

// Violation is something that no client should have sent.
type Violation struct {
	TimeMs  int64  `json:"time_ms"`
	Level   string `json:"level"`
	What    string `json:"what"`
	Product string `json:"product,omitempty"`
	Action  string `json:"action,omitempty"`
}

type count struct {
	Calls     int64            `json:"calls"`
	OK        int64            `json:"ok"`
	Throttled int64            `json:"throttled"`
	Codes     map[string]int64 `json:"codes"`
}

// recordsMax bounds the memory of a long benchmark: counts go on, records stop.
const recordsMax = 1000000

type journal struct {
	mu         sync.Mutex
	start      time.Time
	records    []*Record
	violations []Violation
	counts     map[string]*count
	inFlight   int
	peak       int
	file       *bufio.Writer
}

func newJournal(dir string, log bool) (*journal, error) {
	j := &journal{start: time.Now(), counts: map[string]*count{}}
	if log {
		f, err := os.OpenFile(filepath.Join(dir, "calls.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		j.file = bufio.NewWriter(f)
	}
	return j, nil
}

func (j *journal) since() int64 { return time.Since(j.start).Milliseconds() }

func (j *journal) line(v interface{}) {
	if j.file != nil {
		text, _ := json.Marshal(v)
		j.file.Write(append(text, '\n'))
		j.file.Flush()
	}
}

func (j *journal) begin() {
	j.mu.Lock()
	j.inFlight++
	if j.inFlight > j.peak {
		j.peak = j.inFlight
	}
	j.mu.Unlock()
}

func (j *journal) end(r *Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight--
	if len(j.records) < recordsMax {
		j.records = append(j.records, r)
	}
	c := j.counts[r.Product+":"+r.Action]
	if c == nil {
		c = &count{Codes: map[string]int64{}}
		j.counts[r.Product+":"+r.Action] = c
	}
	c.Calls++
	if r.Code == "" {
		c.OK++
	} else {
		c.Codes[r.Code]++
		if throttleCode(r.Code) {
			c.Throttled++
		}
	}
	j.line(r)
}

func (j *journal) violation(r *Record, what string) {
	v := Violation{TimeMs: j.since(), Level: "violation", What: what}
	if r != nil {
		v.Product, v.Action = r.Product, r.Action
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.violations = append(j.violations, v)
	j.line(v)
}

func (j *journal) reset() {
	j.mu.Lock()
	j.records, j.violations, j.counts, j.peak = nil, nil, map[string]*count{}, 0
	j.start = time.Now()
	j.mu.Unlock()
}

func (j *journal) writeRecords(w io.Writer) {
	j.mu.Lock()
	records := j.records
	j.mu.Unlock()
	encoder := json.NewEncoder(w)
	for _, r := range records {
		encoder.Encode(r)
	}
}
