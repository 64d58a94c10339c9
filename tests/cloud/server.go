package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
)

// readyFile is ready.json: written when everything listens.
type readyFile struct {
	URL      string   `json:"url"`
	Plain    string   `json:"plain"` // The same without TLS.
	Metadata string   `json:"metadata"`
	Proxy    string   `json:"proxy"`
	Control  string   `json:"control"`
	CA       string   `json:"ca"`
	Accounts []string `json:"accounts"`
}

func listen() (net.Listener, error) { return net.Listen("tcp4", "127.0.0.1:0") }

// startServer listens on five ports of loopback and says so in ready.json.
func startServer(o *options) error {
	if o.certificate != "right" && o.certificate != "other" || o.alpn != "h1" && o.alpn != "h2" {
		return fmt.Errorf("-certificate is right or other, -alpn h1 or h2")
	}
	c, err := newCloud(o)
	if err != nil {
		return err
	}
	ca := filepath.Join(o.dir, "ca.pem")
	authority, err := newAuthority(ca, o.certificate == "other")
	if err != nil {
		return err
	}
	var listeners [5]net.Listener
	for i := range listeners {
		if listeners[i], err = listen(); err != nil {
			return err
		}
	}
	at := func(scheme string, i int) string { return scheme + "://" + listeners[i].Addr().String() }
	c.ready = readyFile{URL: at("https", 0), Plain: at("http", 1), Metadata: at("http", 2), Proxy: at("http", 3),
		Control: at("http", 4), CA: ca}
	for _, a := range c.accounts {
		c.ready.Accounts = append(c.ready.Accounts, a.UID)
	}
	if err := c.writeHomes(); err != nil {
		return err
	}
	proxy := newProxy(c, listeners[3].Addr())
	secure := c.newHTTPServer(c)
	secure.TLSConfig = &tls.Config{GetCertificate: authority.certificate, MinVersion: tls.VersionTLS12}
	if o.alpn == "h1" {
		secure.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		secure.TLSConfig.NextProtos = []string{"http/1.1"}
	}
	go secure.ServeTLS(listeners[0], "", "")
	go secure.ServeTLS(proxy, "", "")
	go c.newHTTPServer(c).Serve(listeners[1])
	go c.newHTTPServer(metadataHandler{c}).Serve(listeners[2])
	go c.newHTTPServer(proxy).Serve(listeners[3])
	go c.newHTTPServer(c.control()).Serve(listeners[4])
	return writeJSON(filepath.Join(o.dir, "ready.json"), c.ready)
}

func (c *Cloud) newHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ConnContext: connContext, ErrorLog: log.New(io.Discard, "", 0)}
}
