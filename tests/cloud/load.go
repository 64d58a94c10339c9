package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// runLoad measures another stand-in, the one of folder `dir`: signed calls, many at once.
func runLoad(dir string, calls int, out io.Writer) error {
	var ready readyFile
	var accounts []accountFile
	for name, into := range map[string]interface{}{"ready.json": &ready, "accounts.json": &accounts} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			return err
		}
	}
	pem, err := os.ReadFile(ready.CA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	cpu, err := serverCPU(ready.Control)
	if err != nil {
		return err
	}
	begun := time.Now()
	refused := loadCalls(client, &ready, accounts[0].Secrets, calls)
	took := time.Since(begun).Seconds()
	after, err := serverCPU(ready.Control)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(obj{"calls": calls, "refused": refused, "calls_per_s": float64(calls) / took,
		"cpu_us_per_call": (after - cpu) * 1000 / float64(calls)})
}

func serverCPU(control string) (ms float64, err error) {
	answer, err := http.Get(control + "/counts")
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var counts struct {
		CPU float64 `json:"cpu_ms"`
	}
	err = json.NewDecoder(answer.Body).Decode(&counts)
	return counts.CPU, err
}

const loadWorkers = 16

func loadCalls(client *http.Client, ready *readyFile, secrets map[string]string, calls int) int64 {
	var left, refused = int64(calls), int64(0)
	var wait sync.WaitGroup
	for i := 0; i < loadWorkers; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				if err := loadCall(client, ready.URL, secrets); err != nil {
					atomic.AddInt64(&refused, 1)
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}()
	}
	wait.Wait()
	return refused
}

func loadCall(client *http.Client, url string, secrets map[string]string) error {
	r, err := http.NewRequest(http.MethodPost, url+"/", nil)
	if err != nil {
		return err
	}
	r.Host = r.URL.Host
	empty := sha256Hex(nil)
	for name, value := range map[string]string{"x-acs-action": "GetCallerIdentity", "x-acs-version": "2015-04-01",
		"x-acs-date": time.Now().UTC().Format(dateForm), "x-acs-signature-nonce": randomText(24), "x-acs-content-sha256": empty} {
		r.Header.Set(name, value)
	}
	const signed = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
	signature, _ := signV3(secrets["user_secret"], canonicalV3(r, nil, signed, empty, true))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+secrets["user_id"]+",SignedHeaders="+signed+",Signature="+signature)
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%d: %s", answer.StatusCode, text)
	}
	return err
}
