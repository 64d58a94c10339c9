package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// accountFile is what accounts.json says of one account. Keys are made up at every start.
type accountFile struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Home    string            `json:"home"`
	Regions []string          `json:"regions"`
	Role    string            `json:"role_arn"`
	Secrets map[string]string `json:"secrets"` // Whatever must never be seen in an output.
}

// A key lives in the files of one account: its own, and those of its members are not there.
type accountKeys struct{ user, sts, external, past, cached *Key }

func writeJSON(path string, v interface{}) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// longLife is for credentials of files: nothing renews them while the tests run.
const longLife = 12 * time.Hour

func (c *Cloud) makeKeys(a *Account) *accountKeys {
	now := c.now()
	return &accountKeys{
		user:     c.keys.newUser(a, "merlon"),
		sts:      c.keys.newSession(a, readerRole, "sts-token", now.Add(longLife)),
		external: c.keys.newSession(a, readerRole, "external", now.Add(longLife)),
		past:     c.keys.newSession(a, readerRole, "past", now.Add(-time.Minute)),
		cached:   c.keys.newSession(a, readerRole, "cached", now.Add(longLife)),
	}
}

func with(profile obj, more obj) obj {
	for name, value := range more {
		profile[name] = value
	}
	return profile
}

func pairOf(k *Key) obj {
	return obj{"access_key_id": k.ID, "access_key_secret": k.Secret}
}

func tripleOf(k *Key) obj {
	return with(pairOf(k), obj{"sts_token": k.Token})
}

// profiles are one of each mode, and some that must be refused.
func (c *Cloud) profiles(a *Account, k *accountKeys, home string) []obj {
	role := obj{"ram_role_arn": "acs:ram::" + a.UID + ":role/" + readerRole, "ram_session_name": "merlon-test", "expired_seconds": 3600}
	login := c.logins.of(a)
	soon, past := c.now().Add(longLife).Unix(), c.now().Add(-time.Hour).Unix()
	sso := obj{"cloud_sso_sign_in_url": c.ready.URL + "/start/login", "cloud_sso_account_id": a.UID,
		"cloud_sso_access_config": accessConfiguration(a)}
	oauth := obj{"oauth_site_type": "CN", "oauth_refresh_token": login.OAuthRefresh, "oauth_refresh_token_expire": soon}
	cached := with(tripleOf(k.cached), obj{"sts_expiration": soon})
	profile := func(name, mode string, parts ...obj) obj {
		p := obj{"name": name, "mode": mode, "region_id": a.Regions[0], "language": "en", "output_format": "json"}
		for _, part := range parts {
			with(p, part)
		}
		return p
	}
	list := []obj{
		profile("ak", "AK", pairOf(k.user)),
		profile("sts", "StsToken", tripleOf(k.sts)),
		profile("sts-expired", "StsToken", tripleOf(k.past)),
		profile("role", "RamRoleArn", pairOf(k.user), role),
		profile("role-external-id", "RamRoleArn", pairOf(k.user), role, obj{
			"ram_role_arn": "acs:ram::" + a.UID + ":role/" + partnerRole, "external_id": partnerExternalID(a)}),
		profile("role-missing", "RamRoleArn", pairOf(k.user), role, obj{"ram_role_arn": "acs:ram::" + a.UID + ":role/nobody"}),
		profile("ecs", "EcsRamRole", obj{"ram_role_name": instanceRole(a)}),
		profile("ecs-discover", "EcsRamRole", obj{"ram_role_name": ""}),
		profile("ecs-role", "RamRoleArnWithRoleName", obj{"ram_role_name": instanceRole(a)}, role),
		profile("chain", "ChainableRamRoleArn", obj{"source_profile": "ak"}, role),
		profile("chain-long", "ChainableRamRoleArn", obj{"source_profile": "chain"}, role),
		profile("chain-loop", "ChainableRamRoleArn", obj{"source_profile": "chain-loop"}, role),
		profile("oidc", "OIDC", obj{"oidc_provider_arn": oidcProviderArn(a), "oidc_token_file": filepath.Join(home, "oidc-token")}, role),
		profile("external", "External", obj{"process_command": filepath.Join(home, "print-credentials") + " --as 'a user'"}),
		profile("uri", "CredentialsURI", obj{"credentials_uri": c.ready.Metadata + "/credentials/" + a.UID + "?auth=" + login.URISecret}),
		profile("cloudsso", "CloudSSO", sso, obj{"access_token": login.SSOAccess, "cloud_sso_access_token_expire": soon}),
		profile("cloudsso-cached", "CloudSSO", sso, cached, obj{"access_token": login.PastAccess, "cloud_sso_access_token_expire": past}),
		profile("cloudsso-expired", "CloudSSO", sso, obj{"access_token": login.PastAccess, "cloud_sso_access_token_expire": past}),
		profile("oauth", "OAuth", oauth, obj{"oauth_access_token": login.OAuthAccess, "oauth_access_token_expire": soon}),
		profile("oauth-cached", "OAuth", oauth, cached, obj{"oauth_access_token": login.PastAccess, "oauth_access_token_expire": past}),
		profile("oauth-expired", "OAuth", oauth, obj{"oauth_access_token": login.PastAccess, "oauth_access_token_expire": past}),
	}
	if a.Index == 0 {
		for _, member := range c.accounts[1:] {
			list = append(list, profile("member-"+member.UID, "ChainableRamRoleArn", role, obj{"source_profile": "ak",
				"ram_role_arn": "acs:ram::" + member.UID + ":role/" + directoryRole}))
		}
	}
	return list
}

func (c *Cloud) writeHome(a *Account) (*accountFile, error) {
	home := filepath.Join(c.o.dir, "home-"+a.UID)
	if err := os.MkdirAll(filepath.Join(home, ".aliyun"), 0o700); err != nil {
		return nil, err
	}
	k, login := c.makeKeys(a), c.logins.of(a)
	script := fmt.Sprintf("#!/bin/sh\ncat <<'END'\n{\"mode\": \"StsToken\", \"access_key_id\": \"%s\", \"access_key_secret\": \"%s\", \"sts_token\": \"%s\", \"expiration\": \"%s\"}\nEND\n",
		k.external.ID, k.external.Secret, k.external.Token, k.external.Expires.UTC().Format(dateForm))
	if err := os.WriteFile(filepath.Join(home, "print-credentials"), []byte(script), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(home, "oidc-token"), []byte(login.OIDCToken), 0o600); err != nil {
		return nil, err
	}
	config := obj{"current": "ak", "meta_path": "", "profiles": c.profiles(a, k, home)}
	if err := writeJSON(filepath.Join(home, ".aliyun", "config.json"), config); err != nil {
		return nil, err
	}
	secrets := map[string]string{"oidc_token": login.OIDCToken, "oauth_access": login.OAuthAccess, "oauth_refresh": login.OAuthRefresh,
		"sso_access": login.SSOAccess, "uri_secret": login.URISecret, "past_access": login.PastAccess}
	for name, key := range map[string]*Key{"user": k.user, "sts": k.sts, "external": k.external, "past": k.past, "cached": k.cached} {
		secrets[name+"_id"], secrets[name+"_secret"] = key.ID, key.Secret
		if key.Token != "" {
			secrets[name+"_token"] = key.Token
		}
	}
	return &accountFile{ID: a.UID, Name: a.Name, Home: home, Regions: a.Regions,
		Role: "acs:ram::" + a.UID + ":role/" + readerRole, Secrets: secrets}, nil
}

// writeHomes makes up keys and writes them where clients look for them.
func (c *Cloud) writeHomes() error {
	var files []*accountFile
	for _, a := range c.accounts {
		file, err := c.writeHome(a)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	return writeJSON(filepath.Join(c.o.dir, "accounts.json"), files)
}

// rotate ends all keys of the files and makes up new ones.
func (c *Cloud) rotate() error {
	c.keys.mu.Lock()
	for _, k := range c.keys.byID {
		k.Inactive = true
	}
	c.keys.mu.Unlock()
	return c.writeHomes()
}
