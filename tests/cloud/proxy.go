package main

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// proxy takes every https host to this cloud, so that clients may use the names of the real one.
type proxy struct {
	cloud *Cloud
	conns chan net.Conn
	addr  net.Addr
	once  sync.Once
	done  chan struct{}
}

func newProxy(c *Cloud, addr net.Addr) *proxy {
	return &proxy{cloud: c, conns: make(chan net.Conn), addr: addr, done: make(chan struct{})}
}

// Accept, Close and Addr make it the listener of the server of TLS.
func (p *proxy) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *proxy) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *proxy) Addr() net.Addr { return p.addr }

// tunnelled is a connection whose first bytes may have been read already.
type tunnelled struct {
	net.Conn
	reader *bufio.Reader
}

func (t *tunnelled) Read(p []byte) (int, error) { return t.reader.Read(p) }
func (t *tunnelled) NetConn() net.Conn          { return t.Conn }

// metadataAddress is the instance's own service: whoever asks for it through a proxy leaks its role.
const metadataAddress = "100.100.100.200"

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _ := hostName(r.Host)
	record := &Record{TimeMs: p.cloud.journal.since(), Host: r.Host, Protocol: r.Proto}
	rows, region := p.cloud.hosts.lookup(host)
	record.Region = region
	if len(rows) > 0 {
		record.Product = rows[0].product
	}
	if _, ossRegion, ok := ossHost(host); ok {
		record.Product, record.Region = "oss", ossRegion
	}
	if r.Method != http.MethodConnect || host == metadataAddress {
		p.cloud.journal.violation(record, "plain http through the proxy: "+r.Host)
		http.Error(w, "CONNECT only", http.StatusForbidden)
		return
	}
	if p.cloud.faults.find(record, true) != nil {
		http.Error(w, "there is no such host", http.StatusBadGateway)
		return
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "HTTP/1.1 only", http.StatusHTTPVersionNotSupported)
		return
	}
	conn, rw, err := hijacker.Hijack()
	if err != nil {
		return
	}
	rw.WriteString("HTTP/1.1 200 Connection established\r\n\r\n")
	if rw.Flush() != nil {
		conn.Close()
		return
	}
	select {
	case p.conns <- &tunnelled{conn, rw.Reader}:
	case <-p.done:
		conn.Close()
	}
}
