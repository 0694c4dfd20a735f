package recognize

import (
	"net/http"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// Request is what the edge saw of a request. Nothing of it is modified.
type Request struct {
	Method string
	// Host is the host asked for, without port, lower case.
	Host string
	// Path is the decoded path, RawQuery the query as sent.
	Path, RawQuery string
	Header         http.Header
	// Body is the inspected prefix of the body, nil when there is none.
	Body []byte
	// Complete tells that Body is the whole body.
	Complete bool
	// Form is the form that the app was seen to serve for this method and path,
	// nil when none is known. Its field names count as what they were there.
	Form *Form
}

// Form is a form with a password field, as a page of the app held it. It is
// bounded: names are at most maxHolder bytes, and there are at most
// maxFormFields of a sort.
type Form struct {
	// Kind is what the form is for: login, signup, reset or password change.
	Kind config.Kind
	// Method is POST or GET; Path is the decoded path it is sent to.
	Method, Path string
	// Identifiers and Passwords are the names of the fields, as they stood in
	// the page, in its order.
	Identifiers, Passwords []string

	fields []formField // both, prepared for comparison
	// operation is what the query of its address says, which for many apps is
	// all that tells their forms apart.
	operation pathSense
	// choices are what a field of it can be set to do.
	choices pathSense
	next    *Form // another form of the same address, as a FormBook keeps them
}

// Format is how credentials were carried.
type Format string

// The formats.
const (
	FormatForm      Format = "form"
	FormatMultipart Format = "multipart"
	FormatJSON      Format = "json"
	FormatQuery     Format = "query"
	FormatBasic     Format = "basic"
	FormatDigest    Format = "digest"
	FormatHeader    Format = "header"
	FormatXML       Format = "xml"      // XML-RPC
	FormatProtobuf  Format = "protobuf" // gRPC-Web, Connect and Twirp messages
)

// Credentials is what a request tried.
type Credentials struct {
	Kind config.Kind

	// Route names where: the declared path, or the request path with variable
	// segments replaced, at most 128 bytes.
	Route string
	// Declared is the declared route, nil in automatic mode.
	Declared *config.Route

	Format Format

	// Token tells that the only credential is a token of an Authorization header,
	// declared to be looked at.
	Token bool

	// Identities are the identities the request names: the first is the one
	// events show. More than one means the request was ambiguous (duplicate
	// fields, Basic beside a form); every one of them is charged, at most
	// MaxIdentities. Empty: the attempt counts for its source only.
	Identities []identity.Identity

	// Secrets are all password-like values of the request, in the order of
	// query, header, body. They alias the request: fingerprint them and drop
	// them. A signup's confirmation is left out.
	Secrets [][]byte

	// Ambiguous tells that there was more than one distinct password-like value
	// or identifier of the same name: such an attempt is always a new guess.
	Ambiguous bool

	// Served tells that the app served the form which the request sends.
	Served bool

	// MayAdminister tells that the request is an attempt of a visitor, and none of
	// somebody who is logged in: an administrator who creates an account, a page
	// of settings with a name and a password. See Sessions.
	MayAdminister bool

	// Guesses is how many credentials the request tries: more than 1 for a batch
	// of calls (system.multicall of XML-RPC, aliased mutations, JSON arrays), and
	// the number of users for a request that is a Crowd. 0 is read as 1.
	Guesses int

	// Crowd tells that the request names more than MaxIdentities users.
	// Identities are the first of them; such a request counts Guesses times for
	// its source and should count for no account (H13).
	Crowd bool

	// Missing tells that the password or the identifier was present but empty:
	// a request the app refuses without looking at credentials.
	Missing bool

	// NameOnly tells that a user name is all that was sent: a login that left the
	// password out, or the first step of one that asks for it later.
	NameOnly bool

	// Uninspectable tells that the body could not be read as far as needed: cut,
	// undecodable, too deeply nested, of an unknown encoding.
	Uninspectable bool

	// Hostile tells that a value has the shape of an injection, such as
	// {"password":{"$ne":null}}.
	Hostile bool

	// WithCode tells that a second factor came along with the password.
	WithCode bool

	// InQuery tells that a password stood in the query string.
	InQuery bool

	// Confidence is how sure it is that this is an attempt of Kind, 0 to 1.
	Confidence float32

	// Evidence says why, in words, never with a submitted value.
	Evidence []string
}

// MaxIdentities is how many identities one request is charged to at most.
const MaxIdentities = 2

// Response is what the edge saw of the answer to an attempt.
type Response struct {
	// Status is the final status, 0 when nothing was written.
	Status int
	Header http.Header
	// Body is the inspected prefix, decoded from its Content-Encoding.
	Body []byte
	// Complete tells that Body is the whole body.
	Complete bool
	// UpstreamError tells that the proxy could not get an answer, or lost it.
	UpstreamError bool
	// ClientAborted tells that the client hung up before the answer was
	// complete.
	ClientAborted bool
}

// Result is how an attempt ended. The values are the contract of
// `caddy doorward recognize --json`.
type Result string

// The results.
const (
	Success   Result = "success"
	Failure   Result = "failure"
	Challenge Result = "challenge" // a second factor is asked for
	Rejected  Result = "rejected"  // CSRF or form expired
	Throttled Result = "throttled" // the app's own limiter
	Malformed Result = "malformed" // no credentials
	Unknown   Result = "unknown"
)

// Proved reports whether o rests on what the app said in so many words or by
// what it did next: such an outcome teaches what answers of its shape mean. A
// failure needs less: nobody gains by teaching one.
func (o Outcome) Proved() bool {
	switch o.Result {
	case Success:
		return o.Deferred || o.Confidence >= proof
	case Failure:
		return o.Deferred || o.Confidence >= sureEnough
	}
	return false
}

// proof is the confidence of a success that the app put into words.
const proof = 0.95

// Outcome is a Result with the reasons for it.
type Outcome struct {
	Result Result
	// Confidence is 0 to 1. Automatic failures under 0.9 sanction nobody.
	Confidence float32
	// Evidence says why, in words, never with a submitted value.
	Evidence []string
	// Kind is what the answer shows the attempt to have been after all, "" when
	// it says nothing else than the request did: a PUT that logs in or creates
	// the account is a signup once the answer says created, and KindNone when
	// the answer shows that no credentials of a user were looked at.
	Kind config.Kind
	// Next tells that this answer is the same whatever the outcome, and that the
	// page it leads the client to will tell.
	Next bool
	// Deferred tells that a later answer to the client told the outcome.
	Deferred bool
	// Token tells that a success handed a session or a token for access over in
	// JSON. That something succeeded is what a newsletter says as well.
	Token bool
	// to is where the answer leads when Next is set; see Leads.
	to address
	// Aborted tells that the client hung up and the result is open.
	Aborted bool
	// Upstream tells that the result is open because the app gave no answer.
	Upstream bool
}
