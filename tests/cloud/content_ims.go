// Resource Access Management: the account's owner, its RAM users, and the credential report.
package main

import (
	"encoding/base64"
	"strconv"
	"strings"
	"sync"
)

const imsVersion = "2019-08-15"

const userKind = "ims_user"

func init() {
	addKinds(&Kind{Name: userKind, Share: 4, Only: []string{""}})
	user := needs("UserPrincipalName")
	addActions(
		imsAction("GetAccountMFAInfo", imsAccountMFA),
		imsAction("GetAccountSecurityPracticeReport", imsPractice),
		imsAction("GetSecurityPreference", imsPreference),
		imsAction("GetUserSsoSettings", imsSso),
		imsAction("ListUserBasicInfos", imsUsers, oneOf("Status", "active", "freeze", "active,freeze"), takes("Marker"), ranged("MaxItems", 1, 1000)),
		imsAction("GetLoginProfile", imsAbout(imsLogin), user),
		imsAction("GetUserMFAInfo", imsAbout(imsUserMFA), user),
		imsAction("GenerateCredentialReport", imsMakeReport),
		imsAction("GetCredentialReport", imsReport, takes("NextToken"), ranged("MaxItems", 1, 3501)),
	)
}

func imsAction(name string, answer func(*Call) Answer, params ...Param) *Action {
	return &Action{Product: "ims", Version: imsVersion, Name: name, Method: "POST", Global: true, Params: params, RAM: "ram:" + name, Answer: answer}
}

// owner is the account itself, for its dice.
func owner(a *Account) res { return res{a, "owner", "", 0} }

func (r res) ownerMFA() bool { return r.chance("mfa", 60) }
func (r res) ownerKey() bool { return r.chance("key", 30) }

func imsAccountMFA(c *Call) Answer {
	return Answer{JSON: obj{"IsMFAEnable": owner(c.Account).ownerMFA()}}
}

func imsPractice(c *Call) Answer {
	r, keys := owner(c.Account), 0
	if r.ownerKey() {
		keys = 1
	}
	users := c.Account.Count(userKind, "")
	return Answer{JSON: obj{"AccountSecurityPracticeInfo": obj{"Score": 40 + r.roll("score", 60), "AccountSecurityPracticeUserInfo": obj{
		"BindMfa": r.ownerMFA(), "RootWithAccessKey": keys, "OldAkNum": users / 8, "UnusedAkNum": users / 12, "SubUser": users,
		"SubUserBindMfa": users / 2, "SubUserPwdLevel": "high", "SubUserWithOldAccessKey": users / 8, "SubUserWithUnusedAccessKey": users / 12}}}}
}

func imsPreference(c *Call) Answer {
	r := owner(c.Account)
	return Answer{JSON: obj{"SecurityPreference": obj{
		"LoginProfilePreference": obj{"MFAOperationForLogin": r.pick("mfa for login", "mandatory", "independent", "adaptive", "independent"),
			"EnableSaveMFATicket": r.chance("ticket", 40), "AllowUserToChangePassword": true, "AllowUserToLoginWithPasskey": r.chance("passkey", 30),
			"LoginSessionDuration": 6, "LoginNetworkMasks": "", "OperationForRiskLogin": "autonomous"},
		"AccessKeyPreference": obj{"AllowUserToManageAccessKeys": false}, "MFAPreference": obj{"AllowUserToManageMFADevices": true},
		"PublicKeyPreference": obj{"AllowUserToManagePublicKeys": false}}}}
}

func imsSso(c *Call) Answer {
	return Answer{JSON: obj{"UserSsoSettings": obj{"SsoEnabled": owner(c.Account).chance("sso", 10), "AuxiliaryDomain": "", "MetadataDocument": "",
		"SsoLoginWithDomain": false}}}
}

// userStates: one of sixteen users is frozen.
const userStates cycle = "aaaaaaaaaaafaaaa"

func (r res) userLogin() string { return "user" + base36(uint64(r.i), 5) }

func (r res) principal() string { return r.userLogin() + "@" + r.a.UID + ".onaliyun.com" }

func userAt(a *Account, n int) res { return res{a, userKind, "", n} }

func imsUsers(c *Call) Answer {
	a, letter := c.Account, byte('a')
	total, at := a.Count(userKind, ""), func(n int) int { return n }
	if c.Params["Status"] == "freeze" {
		letter = 'f'
	}
	if c.Params["Status"] != "active,freeze" {
		total, at = userStates.count(letter, total), func(n int) int { return userStates.at(letter, n) }
	}
	first, last, next, bad := pageByToken(c, total, "Marker", "MaxItems", 100, 1000)
	if bad != nil {
		return *bad
	}
	list := []obj{}
	for n := first; n < last; n++ {
		r := userAt(a, at(n))
		status := map[byte]string{'a': "active", 'f': "freeze"}[userStates.of(r.i)]
		list = append(list, obj{"UserPrincipalName": r.principal(), "UserId": r.userID(), "DisplayName": r.userLogin(), "Status": status})
	}
	body := obj{"IsTruncated": next != "", "UserBasicInfos": obj{"UserBasicInfo": list}}
	if next != "" {
		body["Marker"] = next
	}
	return Answer{JSON: body}
}

func (r res) userID() string {
	return "2" + strconv.FormatUint(10000000000000000+r.a.Hash(r.kind, r.region, r.i, "id")%90000000000000000, 10)
}

func imsAbout(answer func(r res) Answer) func(*Call) Answer {
	return func(c *Call) Answer {
		name, a := c.Params["UserPrincipalName"], c.Account
		if cut := strings.IndexByte(name, '@'); cut > 4 && strings.HasPrefix(name, "user") {
			n, err := strconv.ParseUint(name[4:cut], 36, 31)
			if r := userAt(a, int(n)); err == nil && r.i < a.Count(userKind, "") && r.principal() == name {
				return answer(r)
			}
		}
		return notFound("EntityNotExist.User", "The user does not exist.")
	}
}

// A user has no logon to the console, one, or one that was switched off.
const (
	noLogon = iota
	isActive
	isInactive
)

func (r res) logon() int {
	return []int{noLogon, noLogon, noLogon, isActive, isActive, isActive, isActive, isActive, isActive, isInactive}[r.roll("logon", 10)]
}

func (r res) hasMFA() bool { return r.logon() != noLogon && r.chance("mfa", 55) }

func (r res) lastLogin() string {
	if r.chance("never", 20) {
		return ""
	}
	return instant(-1 - r.roll("last login", 200))
}

func imsLogin(r res) Answer {
	if r.logon() == noLogon {
		return notFound("EntityNotExist.User.LoginProfile", "The login policy does not exist.")
	}
	return Answer{JSON: obj{"LoginProfile": obj{"UserPrincipalName": r.principal(), "Status": map[int]string{isActive: "Active", isInactive: "Inactive"}[r.logon()],
		"MFABindRequired": r.chance("mfa required", 35), "PasswordResetRequired": false, "LastLoginTime": r.lastLogin(),
		"PasswordStatus": r.pick("password", "Normal", "Normal", "Expired"), "UpdateDate": instant(-40), "AutoDisableLoginStatus": "Normal"}}}
}

// imsUserMFA: most users without a device are said to have none, for the others there is no such thing.
func imsUserMFA(r res) Answer {
	if !r.hasMFA() {
		if r.chance("mfa error", 25) {
			return notFound("EntityNotExist.User.MFADevice", "The MFA device does not exist.")
		}
		return Answer{JSON: obj{"IsMFAEnable": false}}
	}
	return Answer{JSON: obj{"IsMFAEnable": true, "MFADevice": obj{"SerialNumber": "acs:ram::" + r.a.UID + ":mfa/" + r.userLogin(),
		"Type": r.pick("device", "VMFA", "VMFA", "U2F")}}}
}

// reports are the accounts whose report was asked for.
var reports sync.Map

func imsMakeReport(c *Call) Answer {
	state := "COMPLETED"
	if _, asked := reports.LoadOrStore(c.Account.UID, true); !asked {
		state = "STARTED"
	}
	return Answer{JSON: obj{"State": state}}
}

const reportHead = "user,user_creation_time,user_last_logon,password_exist,password_active,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_exist,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used," +
	"access_key_2_exist,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used," +
	"additional_access_key_1_exist,additional_access_key_1_active,additional_access_key_1_last_rotated,additional_access_key_1_last_used," +
	"additional_access_key_2_exist,additional_access_key_2_active,additional_access_key_2_last_rotated,additional_access_key_2_last_used," +
	"additional_access_key_3_exist,additional_access_key_3_active,additional_access_key_3_last_rotated,additional_access_key_3_last_used\n"

func upper(b bool) string { return strings.ToUpper(strconv.FormatBool(b)) }

// imsKeys are the columns of the five keys a user may have, without their names.
func (r res) imsKeys(has, active, used bool) []string {
	list := []string{"FALSE", "-", "-", "-"}
	if has {
		list = []string{"TRUE", upper(active), instant(-90), "N/A"}
		if used {
			list[3] = instant(-5)
		}
	}
	for n := 0; n < 4; n++ {
		list = append(list, "-", "-", "-", "-")
	}
	return list
}

func reportRow(a *Account, n int) string {
	r, name := userAt(a, n-1), "<root>"
	exists, active, mfa, last := r.logon() != noLogon, r.logon() == isActive, r.hasMFA(), r.lastLogin()
	keys := r.imsKeys(r.chance("key", 50), r.chance("key on", 75), r.chance("key used", 70))
	if n == 0 {
		r = owner(a)
		exists, active, mfa, last = true, true, r.ownerMFA(), instant(-1)
		keys = r.imsKeys(r.ownerKey(), r.chance("key on", 60), true)
	} else {
		name = r.principal()
	}
	if last == "" {
		last = "-"
	}
	return strings.Join(append([]string{name, instant(-400), last, upper(exists), upper(active), instant(-60), "-", upper(mfa)}, keys...), ",") + "\n"
}

// imsReport is cut by rows; every part begins with the names of the columns.
func imsReport(c *Call) Answer {
	first, last, next, bad := pageByToken(c, c.Account.Count(userKind, "")+1, "NextToken", "MaxItems", 3501, 3501)
	if bad != nil {
		return *bad
	}
	var text strings.Builder
	text.WriteString(reportHead)
	for n := first; n < last; n++ {
		text.WriteString(reportRow(c.Account, n))
	}
	body := obj{"Content": base64.StdEncoding.EncodeToString([]byte(text.String())), "GeneratedTime": instant(0), "IsTruncated": strconv.FormatBool(next != "")}
	if next != "" {
		body["NextToken"] = next
	}
	return Answer{JSON: body}
}
