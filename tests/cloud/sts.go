package main

import (
	"regexp"
	"strconv"
	"time"
)

const (
	readerRole    = "merlon-reader"
	directoryRole = "ResourceDirectoryAccountAccessRole" // What a directory makes in its members.
	partnerRole   = "partner-reader"                     // Wants an ExternalId.
	ecsRole       = "merlon-ecs"
	oidcProvider  = "merlon-idp"
)

var (
	roleArnForm = regexp.MustCompile(`^acs:ram::(\d{16}):role/([A-Za-z0-9.-]{1,64})$`)
	sessionForm = regexp.MustCompile(`^[A-Za-z0-9.@_-]{2,64}$`)
)

// partnerExternalID is what the partner's role of an account wants to hear.
func partnerExternalID(a *Account) string { return "external-" + a.UID[:8] }

// ownActions are those of the services that hand out identities.
func (c *Cloud) ownActions() []*Action {
	rolePars := []Param{{Name: "RoleArn", Required: true}, {Name: "RoleSessionName", Required: true},
		{Name: "DurationSeconds", Min: 900, Max: 43200}, {Name: "Policy"}}
	return []*Action{
		{Product: "sts", Version: "2015-04-01", Name: "GetCallerIdentity", Method: "POST", Global: true, Rate: 100,
			Answer: callerIdentity},
		{Product: "sts", Version: "2015-04-01", Name: "AssumeRole", Method: "POST", Global: true, Rate: 100,
			RAM: "sts:AssumeRole", Params: append([]Param{{Name: "ExternalId"}, {Name: "SourceIdentity"}}, rolePars...),
			Answer: c.assumeRole},
		{Product: "sts", Version: "2015-04-01", Name: "AssumeRoleWithOIDC", Method: "POST", Global: true, Rate: 100,
			Params: append([]Param{{Name: "OIDCProviderArn", Required: true}, {Name: "OIDCToken", Required: true}}, rolePars...),
			Answer: c.assumeRoleWithOIDC},
		{Product: "resourcemanager", Version: "2020-03-31", Name: "GetResourceDirectory", Method: "POST", Global: true,
			RAM: "resourcemanager:GetResourceDirectory", Answer: c.getResourceDirectory},
		{Product: "resourcemanager", Version: "2020-03-31", Name: "ListAccounts", Method: "POST", Global: true,
			RAM: "resourcemanager:ListAccounts", Params: []Param{{Name: "PageNumber", Min: 1, Max: pageNumberMax},
				{Name: "PageSize", Min: 1, Max: 100}, {Name: "IncludeTags", Values: []string{"true", "false"}}},
			Answer: c.listAccounts},
	}
}

func roleID(a *Account, role string) string {
	return "3" + strconv.FormatUint(hashText(a.Seed, role)%90000000000000000+10000000000000000, 10)
}

func callerIdentity(c *Call) Answer {
	answer := obj{"AccountId": c.Account.UID, "Arn": c.key.Arn(), "IdentityType": c.key.Type}
	id := roleID(c.Account, c.key.Name)
	if c.key.Type == "AssumedRoleUser" {
		answer["RoleId"], answer["PrincipalId"] = id, id+":"+c.key.Session
	} else {
		answer["UserId"], answer["PrincipalId"] = id, id
	}
	return Answer{JSON: answer}
}

// session checks what both ways to assume a role have in common and makes the credentials.
func (c *Cloud) session(call *Call) (Answer, *Account, string) {
	m := roleArnForm.FindStringSubmatch(call.Params["RoleArn"])
	if m == nil {
		return Answer{Status: 400, Code: "InvalidParameter.RoleArn", Message: "The parameter RoleArn is wrongly formed."}, nil, ""
	}
	if !sessionForm.MatchString(call.Params["RoleSessionName"]) {
		return Answer{Status: 400, Code: "InvalidParameter.RoleSessionName", Message: "The parameter RoleSessionName is wrongly formed."}, nil, ""
	}
	account := c.byUID[m[1]]
	if account == nil || !contains([]string{readerRole, directoryRole, partnerRole, ecsRole}, m[2]) {
		return Answer{Status: 404, Code: "EntityNotExist.Role", Message: "The specified Role not exists."}, nil, ""
	}
	if seconds, _ := strconv.Atoi(call.Params["DurationSeconds"]); seconds > 3600 {
		return Answer{Status: 400, Code: "InvalidParameter.DurationSeconds", Message: "The Min/Max value of DurationSeconds is 15min/1hr."}, nil, ""
	}
	return Answer{}, account, m[2]
}

func (c *Cloud) credentials(call *Call, account *Account, role string) Answer {
	life := time.Hour
	if seconds, err := strconv.Atoi(call.Params["DurationSeconds"]); err == nil {
		life = time.Duration(seconds) * time.Second
	}
	key := c.newSession(account, role, call.Params["RoleSessionName"], life)
	return Answer{JSON: obj{
		"AssumedRoleUser": obj{"Arn": key.Arn(), "AssumedRoleId": roleID(account, role) + ":" + key.Session},
		"Credentials": obj{"AccessKeyId": key.ID, "AccessKeySecret": key.Secret, "SecurityToken": key.Token,
			"Expiration": key.Expires.UTC().Format(dateForm)}}}
}

// newSession makes credentials that end with the second, as Expiration says.
func (c *Cloud) newSession(a *Account, role, session string, life time.Duration) *Key {
	if life > c.o.tokenLife {
		life = c.o.tokenLife
	}
	return c.keys.newSession(a, role, session, c.now().Add(life).Truncate(time.Second))
}

func (c *Cloud) assumeRole(call *Call) Answer {
	bad, account, role := c.session(call)
	if bad.Code != "" {
		return bad
	}
	foreign := account != call.Account && role == directoryRole && call.Account.Index != 0
	if foreign || role == partnerRole && call.Params["ExternalId"] != partnerExternalID(account) {
		return Answer{Status: 403, Code: "NoPermission", Message: "You are not authorized to do this action. You should be authorized by RAM."}
	}
	return c.credentials(call, account, role)
}

func (c *Cloud) assumeRoleWithOIDC(call *Call) Answer {
	bad, account, role := c.session(call)
	if bad.Code != "" {
		return bad
	}
	if call.Params["OIDCProviderArn"] != oidcProviderArn(account) {
		return Answer{Status: 404, Code: "EntityNotExist.OIDCProvider", Message: "The specified OIDC provider does not exist."}
	}
	if !sameText(call.Params["OIDCToken"], c.logins.of(account).OIDCToken) {
		return Answer{Status: 400, Code: "AuthenticationFail.OIDCToken.Invalid", Message: "The specified OIDC token is not valid."}
	}
	return c.credentials(call, account, role)
}

func oidcProviderArn(a *Account) string {
	return "acs:ram::" + a.UID + ":oidc-provider/" + oidcProvider
}

func directoryID(a *Account) string {
	return "rd-" + base36(hashText(a.Seed, "directory")%2176782336, 6)
}

func (c *Cloud) notManager(call *Call) *Answer {
	if call.Account.Index == 0 && len(c.accounts) > 1 {
		return nil
	}
	return refusal(404, "EntityNotExists.ResourceDirectory", "The resource directory for the account is not enabled.")
}

func (c *Cloud) getResourceDirectory(call *Call) Answer {
	if bad := c.notManager(call); bad != nil {
		return *bad
	}
	return Answer{JSON: obj{"ResourceDirectory": obj{"ResourceDirectoryId": directoryID(call.Account),
		"MasterAccountId": call.Account.UID, "MasterAccountName": call.Account.Name,
		"RootFolderId": "r-" + directoryID(call.Account)[3:], "CreateTime": "2024-03-01T02:00:00Z"}}}
}

// listAccounts names the members; the management account is not one of them.
func (c *Cloud) listAccounts(call *Call) Answer {
	if bad := c.notManager(call); bad != nil {
		return *bad
	}
	members := c.accounts[1:]
	first, last, number, size, bad := pageByNumber(call, len(members), "PageNumber", "PageSize", 10, 100)
	if bad != nil {
		return *bad
	}
	list := []interface{}{}
	for _, a := range members[first:last] {
		root := "r-" + directoryID(call.Account)[3:]
		list = append(list, obj{"AccountId": a.UID, "AccountName": a.Name + "@" + directoryID(call.Account),
			"DisplayName": a.Name, "FolderId": root, "JoinMethod": "created", "JoinTime": "2024-03-02T02:00:00Z",
			"ModifyTime": "2024-03-02T02:00:00Z", "ResourceDirectoryId": directoryID(call.Account),
			"ResourceDirectoryPath": directoryID(call.Account) + "/" + root + "/" + a.UID,
			"Status":                "CreateSuccess", "Type": "ResourceAccount"})
	}
	return Answer{JSON: obj{"Accounts": obj{"Account": list}, "TotalCount": len(members), "PageNumber": number, "PageSize": size}}
}
