// What the files of the stand-in share: calls, the table of actions, and the accounts they answer for.
package main

// Call is one request whose signature was verified and whose parameters were checked.
type Call struct {
	Account *Account
	Action  *Action
	Region  string            // RegionId, else the region of the host's name, else "".
	Params  map[string]string // Without the parameters of the protocol (Action, Version, Signature, ...).
	Path    string            // ROA
	Bucket  string            // OSS; "" for calls of the service.

	tweak tweak // What a fault does to its paging.
	key   *Key  // Who calls; nil for calls that need no signature.
}

// Param is a parameter that an action takes. Every other one is refused.
type Param struct {
	Name     string
	Required bool
	Min, Max int      // Of a number; both 0: not a number.
	Values   []string // The only ones allowed; empty: any.
	Repeat   bool     // Name.1, Name.2, ...
}

// Action is one API call that the cloud answers. Product is spelled as in catalog/collect ("ecs").
type Action struct {
	Product, Version, Name string
	Method                 string // "POST" (RPC; GET is taken too), "GET": only that.
	Path                   string // ROA: "/clusters/{id}"; OSS: "".
	Query                  string // OSS: the sub-resource that names the call ("acl"); "" for ListBuckets.
	Global                 bool   // Takes no RegionId, or any.
	Params                 []Param
	RAM                    string  // "ecs:DescribeInstances"; "" needs no permission.
	Rate                   float64 // Documented calls a second, per account and region; 0: none documented.
	Answer                 func(c *Call) Answer
}

// Answer is what an action says. A Code makes it an error of the cloud's shape.
type Answer struct {
	Status  int         // 0: 200, or 400 with a Code.
	JSON    interface{} // Body of RPC and ROA; RequestId is added to an object.
	XML     []byte      // Body of OSS.
	Raw     []byte      // Body as it is (a bucket policy).
	Code    string
	Message string
}

// Kind is a sort of resource that accounts have. Resources are not kept: what number i is like
// follows from the account's seed, so that an account may have millions.
type Kind struct {
	Name  string   // "rds_instance"
	Share float64  // Of an account's resources, relative to the other kinds.
	Only  []string // Regions that have it; empty: all of the account's.
}

// actions and kinds are filled by the init functions of the content files.
var (
	actions []*Action
	kinds   []*Kind
)

func addActions(list ...*Action) { actions = append(actions, list...) }
func addKinds(list ...*Kind)     { kinds = append(kinds, list...) }

// Account is one account of the cloud; its methods are in account.go.
//
//	a.UID, a.Name                  its sixteen digits; its display name
//	a.Regions                      the regions it uses
//	a.Count(kind, region) int      how many resources of a kind it has there ("" region: everywhere)
//	a.ID(kind, region, i) string   the id of number i there: "rds_instance" -> "rm-..." by Kind's name
//	a.Find(kind, id) (region string, i int, ok bool)
//	a.Hash(kind, region, i, salt) uint64   what is to vary varies by this (salt: a string)
//	a.At(kind, i) (region string, local int)   number i of the whole account's
//
// Paging helpers, in pages.go; each gives the numbers first..last-1 of the page or an error Answer:
//
//	pageByNumber(c, total, "PageNumber", "PageSize", def, max) (first, last, number, size int, bad *Answer)
//	pageByToken(c, total, "NextToken", "MaxResults", def, max) (first, last int, next string, bad *Answer)
