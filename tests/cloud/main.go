// A stand-in of the cloud for tests: it verifies every signature and parameter with code of its own,
// and answers for generated accounts.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// options are the command line.
type options struct {
	dir         string
	resources   int
	regions     int
	accounts    int
	seed        uint64
	lifetime    time.Duration
	parentStdin bool
	certificate string
	alpn        string
	latency     time.Duration
	rates       string
	faults      string
	clockOffset time.Duration
	log         bool
	imdsV1      bool
	tokenLife   time.Duration
	call        string
	load        string
	loadCalls   int
}

func parseOptions() *options {
	o := &options{}
	flag.StringVar(&o.dir, "dir", "", "folder for ready.json, ca.pem, accounts.json and the homes (required)")
	flag.IntVar(&o.resources, "resources", 200, "resources of each account")
	flag.IntVar(&o.regions, "regions", 3, "regions that each account uses")
	flag.IntVar(&o.accounts, "accounts", 1, "accounts; the first one manages the others")
	flag.Uint64Var(&o.seed, "seed", 1, "what the accounts are made of")
	flag.DurationVar(&o.lifetime, "lifetime", 600*time.Second, "how long to stay")
	flag.BoolVar(&o.parentStdin, "parent-stdin", false, "end when standard input does")
	flag.StringVar(&o.certificate, "certificate", "right", "right, or other: one that does not match")
	flag.StringVar(&o.alpn, "alpn", "h2", "h2, or h1: without HTTP/2")
	flag.DurationVar(&o.latency, "latency", 0, "how long every call takes")
	flag.StringVar(&o.rates, "rates", "none", "none, documented, or a JSON file: {\"product:Action\": 5, \"*\": 10}")
	flag.StringVar(&o.faults, "faults", "", "JSON file of rules")
	flag.DurationVar(&o.clockOffset, "clock-offset", 0, "how far its clock is ahead")
	flag.BoolVar(&o.log, "log", false, "write every call to DIR/calls.jsonl")
	flag.BoolVar(&o.imdsV1, "imds-v1", true, "the metadata service answers without a token, too")
	flag.DurationVar(&o.tokenLife, "token-life", time.Hour, "how long temporary credentials live at most")
	flag.StringVar(&o.call, "call", "", "print one answer and exit: \"ecs:DescribeInstances RegionId=cn-hangzhou\"")
	flag.StringVar(&o.load, "load", "", "measure the stand-in whose -dir this is, and exit")
	flag.IntVar(&o.loadCalls, "load-calls", 10000, "how many calls -load makes")
	flag.Parse()
	return o
}

// printCall answers one call without a network, for those who write content.
func printCall(o *options, out io.Writer) error {
	words := strings.Fields(o.call)
	account := newAccounts(o.accounts, o.resources, o.regions, o.seed)[0]
	c := &Call{Account: account, Params: map[string]string{}}
	for _, a := range actions {
		if len(words) > 0 && a.Product+":"+a.Name == words[0] {
			c.Action = a
		}
	}
	if c.Action == nil {
		return fmt.Errorf("no such action: %q", o.call)
	}
	for _, word := range words[1:] {
		name, value := word, ""
		if i := strings.IndexByte(word, '='); i >= 0 {
			name, value = word[:i], word[i+1:]
		}
		switch name {
		case "bucket":
			c.Bucket = value
		case "path":
			c.Path = value
		default:
			c.Params[name] = value
		}
	}
	c.Region = c.Params["RegionId"]
	answer := checkParams(c)
	if answer == nil {
		a := c.Action.Answer(c)
		answer = &a
	}
	if answer.Code != "" {
		return fmt.Errorf("%d %s: %s", answer.Status, answer.Code, answer.Message)
	}
	if answer.JSON == nil {
		_, err := out.Write(append(append(answer.XML, answer.Raw...), '\n'))
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(answer.JSON)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "cloud:", err)
	os.Exit(1)
}

func main() {
	o := parseOptions()
	if o.call != "" {
		if err := printCall(o, os.Stdout); err != nil {
			fatal(err)
		}
		return
	}
	if o.load != "" {
		if err := runLoad(o.load, o.loadCalls, os.Stdout); err != nil {
			fatal(err)
		}
		return
	}
	if o.dir == "" {
		fatal(fmt.Errorf("-dir is required"))
	}
	debug.SetGCPercent(300) // Answers are garbage at once; memory is cheaper here than time.
	if err := startServer(o); err != nil {
		fatal(err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	closed := make(chan struct{})
	if o.parentStdin {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			close(closed)
		}()
	}
	select {
	case <-end:
	case <-closed:
	case <-parentGone():
	case <-time.After(o.lifetime):
	}
}

// parentGone tells when whoever started this has ended.
func parentGone() <-chan struct{} {
	gone, parent := make(chan struct{}), os.Getppid()
	go func() {
		for os.Getppid() == parent {
			time.Sleep(500 * time.Millisecond)
		}
		close(gone)
	}()
	return gone
}
