package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// The signatures as the cloud computes them. Nothing here is shared with the client under test.

const upperHex = "0123456789ABCDEF"

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}

// percentEncode keeps unreserved characters and those of `keep`.
func percentEncode(text, keep string) string {
	plain := true
	for i := 0; i < len(text) && plain; i++ {
		plain = unreserved(text[i]) || strings.IndexByte(keep, text[i]) >= 0
	}
	if plain {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; unreserved(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// pair is one parameter of a query or form; bare: there was no '='.
type pair struct {
	name, value string
	bare        bool
}

// parsePairs reads a query or form, in its order.
func parsePairs(raw string) ([]pair, bool) {
	var pairs []pair
	for raw != "" {
		part := raw
		if i := strings.IndexByte(raw, '&'); i >= 0 {
			part, raw = raw[:i], raw[i+1:]
		} else {
			raw = ""
		}
		if part == "" {
			continue
		}
		name, value, bare := part, "", true
		if i := strings.IndexByte(part, '='); i >= 0 {
			name, value, bare = part[:i], part[i+1:], false
		}
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, false
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, false
		}
		pairs = append(pairs, pair{n, v, bare})
	}
	return pairs, true
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// headerText is a header as it is signed.
func headerText(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	values := r.Header.Values(name)
	if len(values) == 1 {
		return strings.TrimSpace(values[0])
	}
	sorted := make([]string, 0, len(values))
	for _, v := range values {
		sorted = append(sorted, strings.TrimSpace(v))
	}
	sort.Strings(sorted)
	return strings.Join(sorted, ",")
}

// authorization is a header of the form "ALGORITHM Name=value,Name=value".
func parseAuthorization(text string) (algorithm string, fields map[string]string) {
	space := strings.IndexByte(text, ' ')
	if space < 0 {
		return text, nil
	}
	fields = map[string]string{}
	for _, part := range strings.Split(text[space+1:], ",") {
		part = strings.TrimSpace(part)
		if i := strings.IndexByte(part, '='); i > 0 {
			fields[part[:i]] = part[i+1:]
		}
	}
	return text[:space], fields
}

// canonicalV3 is the text that ACS3-HMAC-SHA256 signs the hash of.
func canonicalV3(r *http.Request, pairs []pair, signed, payloadHash string, encodeNames bool) string {
	sorted := append([]pair(nil), pairs...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].name < sorted[j].name })
	var b strings.Builder
	b.Grow(1024)
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	b.WriteString(r.Method + "\n" + path + "\n")
	for i, p := range sorted {
		if i > 0 {
			b.WriteByte('&')
		}
		if encodeNames {
			b.WriteString(percentEncode(p.name, ""))
		} else {
			b.WriteString(p.name)
		}
		b.WriteByte('=')
		b.WriteString(percentEncode(p.value, ""))
	}
	b.WriteByte('\n')
	for _, name := range strings.Split(signed, ";") {
		b.WriteString(name + ":" + headerText(r, name) + "\n")
	}
	b.WriteString("\n" + signed + "\n" + payloadHash)
	return b.String()
}

func signV3(secret, canonical string) (signature, toSign string) {
	toSign = "ACS3-HMAC-SHA256\n" + sha256Hex([]byte(canonical))
	return hex.EncodeToString(hmacSHA256([]byte(secret), toSign)), toSign
}

// signV1 signs all parameters but Signature.
func signV1(secret, method string, pairs []pair) (signature, toSign string) {
	var sorted []pair
	for _, p := range pairs {
		if p.name != "Signature" {
			sorted = append(sorted, p)
		}
	}
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].name < sorted[j].name })
	parts := make([]string, len(sorted))
	for i, p := range sorted {
		parts[i] = percentEncode(p.name, "") + "=" + percentEncode(p.value, "")
	}
	toSign = method + "&%2F&" + percentEncode(strings.Join(parts, "&"), "")
	h := hmac.New(sha1.New, []byte(secret+"&"))
	h.Write([]byte(toSign))
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), toSign
}

// canonicalOSS is the text that OSS4-HMAC-SHA256 signs the hash of; resource has the bucket.
func canonicalOSS(r *http.Request, resource string, pairs []pair, additional []string) string {
	var query []string
	for _, p := range pairs {
		if p.bare {
			query = append(query, percentEncode(p.name, ""))
		} else {
			query = append(query, percentEncode(p.name, "")+"="+percentEncode(p.value, ""))
		}
	}
	sort.Slice(query, func(i, j int) bool {
		return strings.SplitN(query[i], "=", 2)[0] < strings.SplitN(query[j], "=", 2)[0]
	})
	names := append([]string(nil), additional...)
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-oss-") || lower == "content-type" || lower == "content-md5" {
			names = append(names, lower)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(r.Method + "\n" + percentEncode(resource, "/") + "\n" + strings.Join(query, "&") + "\n")
	for i, name := range names {
		if i == 0 || names[i-1] != name {
			b.WriteString(name + ":" + headerText(r, name) + "\n")
		}
	}
	b.WriteString("\n" + strings.Join(additional, ";") + "\n" + r.Header.Get("X-Oss-Content-Sha256"))
	return b.String()
}

func signOSS(secret, date, scope, canonical string) (signature, toSign string) {
	toSign = "OSS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + sha256Hex([]byte(canonical))
	key := []byte("aliyun_v4" + secret)
	for _, part := range strings.Split(scope, "/") {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, toSign)), toSign
}
