package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

// Key is an access key, or temporary credentials when it has a token.
type Key struct {
	ID, Secret, Token string
	Expires           time.Time // Of the cloud's clock; zero: never.
	Inactive          bool
	Account           *Account
	Type              string // RAMUser, AssumedRoleUser
	Name              string // Of the user or role.
	Session           string
}

// Arn is who the key belongs to.
func (k *Key) Arn() string {
	if k.Type == "AssumedRoleUser" {
		return "acs:ram::" + k.Account.UID + ":assumed-role/" + strings.ToLower(k.Name) + "/" + k.Session
	}
	return "acs:ram::" + k.Account.UID + ":user/" + k.Name
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func randomBytes(n int) []byte {
	raw := make([]byte, n)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return raw
}

func randomText(n int) string {
	raw := randomBytes(n)
	for i := range raw {
		raw[i] = alphanumeric[int(raw[i])%len(alphanumeric)]
	}
	return string(raw)
}

// randomUUID is upper case, as request ids are.
func randomUUID() string {
	raw := randomBytes(16)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	text := strings.ToUpper(hex.EncodeToString(raw))
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

type keyStore struct {
	mu   sync.RWMutex
	byID map[string]*Key
}

func newKeyStore() *keyStore { return &keyStore{byID: map[string]*Key{}} }

// find gives a copy: keys change under the lock.
func (s *keyStore) find(id string) (Key, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k, ok := s.byID[id]
	if !ok {
		return Key{}, false
	}
	return *k, true
}

func (s *keyStore) add(k *Key) *Key {
	s.mu.Lock()
	s.byID[k.ID] = k
	s.mu.Unlock()
	return k
}

func (s *keyStore) newUser(a *Account, user string) *Key {
	return s.add(&Key{ID: "LTAI5t" + randomText(18), Secret: randomText(30), Account: a,
		Type: "RAMUser", Name: user})
}

func (s *keyStore) newSession(a *Account, role, session string, expires time.Time) *Key {
	return s.add(&Key{ID: "STS.N" + randomText(24), Secret: randomText(44),
		Token:   "CAIS" + base64.StdEncoding.EncodeToString(randomBytes(330)),
		Expires: expires, Account: a, Type: "AssumedRoleUser", Name: role, Session: session})
}

// expire ends all temporary credentials, or those of one id.
func (s *keyStore) expire(id string, now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, k := range s.byID {
		if k.Token != "" && (id == "" || k.ID == id) {
			k.Expires = now.Add(-time.Second)
			n++
		}
	}
	return n
}

func (s *keyStore) deactivate(id string) {
	s.mu.Lock()
	if k, ok := s.byID[id]; ok {
		k.Inactive = true
	}
	s.mu.Unlock()
}

// nonceStore remembers nonces for as long as their date is good.
type nonceStore struct {
	mu          sync.Mutex
	recent, old map[string]struct{}
	turned      time.Time
}

const nonceLife = 16 * time.Minute

func newNonceStore() *nonceStore {
	return &nonceStore{recent: map[string]struct{}{}, old: map[string]struct{}{}, turned: time.Now()}
}

// use is false for a nonce that was used before.
func (s *nonceStore) use(nonce string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.turned) > nonceLife {
		s.old, s.recent, s.turned = s.recent, map[string]struct{}{}, time.Now()
	}
	if _, used := s.recent[nonce]; used {
		return false
	}
	if _, used := s.old[nonce]; used {
		return false
	}
	s.recent[nonce] = struct{}{}
	return true
}
