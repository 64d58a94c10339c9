package main

import (
	"encoding/json"
	"io"
	"net/http"
	"syscall"
	"time"
)

// control is the port of the tests.
func (c *Cloud) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/calls", func(w http.ResponseWriter, r *http.Request) { c.journal.writeRecords(w) })
	mux.HandleFunc("/violations", func(w http.ResponseWriter, r *http.Request) {
		c.journal.mu.Lock()
		list := append([]Violation{}, c.journal.violations...)
		c.journal.mu.Unlock()
		json.NewEncoder(w).Encode(list)
	})
	mux.HandleFunc("/counts", func(w http.ResponseWriter, r *http.Request) { c.writeCounts(w) })
	post := func(path string, do func(body []byte, r *http.Request) (interface{}, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			body, ok := readBody(r)
			if r.Method != http.MethodPost || !ok {
				http.Error(w, "POST only", http.StatusMethodNotAllowed)
				return
			}
			answer, err := do(body, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			json.NewEncoder(w).Encode(answer)
		})
	}
	post("/faults", func(body []byte, r *http.Request) (interface{}, error) { return obj{}, c.faults.set(body) })
	post("/rates", func(body []byte, r *http.Request) (interface{}, error) { return obj{}, c.rates.set(body) })
	post("/expire", func(body []byte, r *http.Request) (interface{}, error) {
		return obj{"expired": c.keys.expire("", c.now())}, nil
	})
	post("/rotate", func(body []byte, r *http.Request) (interface{}, error) { return obj{}, c.rotate() })
	post("/clock", func(body []byte, r *http.Request) (interface{}, error) {
		offset, err := time.ParseDuration(r.URL.Query().Get("offset"))
		if err == nil {
			c.setOffset(offset)
		}
		return obj{}, err
	})
	post("/reset", func(body []byte, r *http.Request) (interface{}, error) {
		c.journal.reset()
		c.rates.reset()
		c.setOffset(c.o.clockOffset)
		return obj{}, c.faults.set([]byte("[]"))
	})
	return mux
}

func (c *Cloud) writeCounts(w io.Writer) {
	j := c.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	var total count
	for _, n := range j.counts {
		total.Calls, total.OK, total.Throttled = total.Calls+n.Calls, total.OK+n.OK, total.Throttled+n.Throttled
	}
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	cpu := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
	json.NewEncoder(w).Encode(obj{"cpu_ms": cpu, "total": obj{"calls": total.Calls, "ok": total.OK, "throttled": total.Throttled},
		"in_flight": j.inFlight, "in_flight_peak": j.peak, "violations": len(j.violations), "actions": j.counts})
}
