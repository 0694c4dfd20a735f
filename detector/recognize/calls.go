package recognize

import (
	"bytes"
	"slices"
	"strings"
)

// maxArguments is how many scalar arguments of a call are kept. No API we know
// has its credentials behind the fifth.
const maxArguments = 5

// rpcCall is a remote procedure call whose arguments are told apart by their
// order. Its texts alias the request unless they had to be decoded.
type rpcCall struct {
	method []byte
	args   [maxArguments][]byte
	kinds  [maxArguments]argumentKind
	n      int
}

type argumentKind uint8

const (
	textArgument argumentKind = iota
	numberArgument
	structArgument // an object or array
)

func (c *rpcCall) add(value []byte, kind argumentKind) {
	if c.n < maxArguments {
		c.args[c.n], c.kinds[c.n] = value, kind
		c.n++
	}
}

// texts is how many of the first arguments are texts.
func (c *rpcCall) texts() int {
	for i := range c.n {
		if c.kinds[i] != textArgument {
			return i
		}
	}
	return c.n
}

// credentials returns which arguments are the user and the password; user is -1
// for a password alone. The rules are those of the APIs that many servers
// implement alike: Blogger 1.0, MetaWeblog and Movable Type, which the wp.*
// calls follow, put an id or a key first; login methods begin with the user,
// those of a server with several databases with the database.
func (c *rpcCall) credentials(memo *senseMemo) (user, password int, ok bool) {
	family, name, _ := strings.Cut(string(c.method[:min(len(c.method), maxName)]), ".")
	switch {
	case isOneOf(family, "wp", "metaweblog", "mt", "blogger"):
		if user = weblogUser(strings.ToLower(family), strings.ToLower(name)); user < 0 {
			return 0, 0, false
		}
		return user, user + 1, c.n > user+1
	case isOneOf(family, "execute", "execute_kw"):
		// (database, number of the user, password, …)
		return 1, 2, c.n > 2 && c.kinds[0] == textArgument && c.kinds[1] == numberArgument && c.kinds[2] == textArgument
	}
	if !c.logsIn(memo) {
		return 0, 0, false
	}
	switch c.texts() {
	case 0:
		return 0, 0, false
	case 1:
		return -1, 0, c.n == 1
	case 3:
		return 1, 2, true
	}
	return 0, 1, true
}

func isOneOf(word string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

// logsIn reports whether the last part of the method says login.
func (c *rpcCall) logsIn(memo *senseMemo) bool {
	i := bytes.LastIndexByte(c.method, '.')
	return len(c.method) <= maxName && memo.sense(c.method[i+1:])&(saysLogin|saysLogout) == saysLogin
}

// senseMemo remembers what the words of a method say. A batch calls the same one
// again and again, and each call asks more than once.
type senseMemo struct {
	text [maxName]byte
	n    int
	says pathSense
}

// sense is senseOfWords of a text of at most maxName bytes.
func (memo *senseMemo) sense(text []byte) pathSense {
	if string(memo.text[:memo.n]) != string(text) {
		memo.n = copy(memo.text[:], text)
		memo.says = senseOfWords(text)
	}
	return memo.says
}

// weblogUser returns where the user stands in a call of the weblog APIs, -1 for
// calls without one.
func weblogUser(family, name string) int {
	switch {
	case family == "mt" && (strings.HasPrefix(name, "supported") || name == "gettrackbackpings"):
		return -1
	case family == "wp" && name == "getusersblogs":
		return 0
	case family == "blogger" && name != "getusersblogs" && name != "getuserinfo", name == "deletepost" && family == "metaweblog":
		return 2
	}
	return 1
}

// takeCall hands the credentials of a call to rd; false if it has none.
func (rd *reading) takeCall(c *rpcCall) bool {
	user, password, ok := c.credentials(&rd.method)
	if !ok {
		return false
	}
	if user >= 0 {
		rd.credential(callUser, callHolder, c.args[user], textValue)
	}
	rd.credential(meaning{role: rolePassword, word: "password"}, callHolder, c.args[password], textValue)
	rd.nameCall(c.method)
	rd.dispatch |= saysLogin // whatever it does, it checks credentials first
	return true
}

// callUser is what an argument is that names the user by its place.
var callUser = meaning{role: roleIdentifier, key: "username", word: "user"}

// callHolder is the path of arguments that have no name.
var callHolder = []byte("params.argument")

// called notes the procedure that is asked for: the server chooses by it what
// is done, so it says as much as a path does.
func (rd *reading) called(method []byte) {
	if len(method) <= maxName {
		rd.dispatch |= rd.method.sense(method)
	}
	rd.nameCall(method)
}

// nameCall makes method a part of the route. The first one stays.
func (rd *reading) nameCall(method []byte) {
	rd.signs |= 1 << roleRPC
	if rd.document == "" {
		rd.document = operationName(method)
	}
}

// argument takes an element of the params or args of a JSON-RPC call. Other
// fields without a telling name mean nothing.
func (rd *reading) argument(path, raw []byte, decode func([]byte) []byte, t valueType) {
	if rd.format != FormatJSON || rd.call.n == maxArguments || t > numberValue {
		return
	}
	parent, last := cutLast(path)
	if !isDigits(last) {
		return
	}
	switch _, holder := cutLast(parent); string(holder) {
	case "params", "args":
	default:
		return
	}
	if t == textValue {
		rd.call.add(decode(raw), textArgument)
		return
	}
	rd.call.add(raw, numberArgument)
}

// structured notes an object or array at path among the arguments.
func (rd *reading) structured(path []byte) {
	parent, last := cutLast(path)
	if _, holder := cutLast(parent); isDigits(last) && (string(holder) == "params" || string(holder) == "args") {
		rd.call.add(nil, structArgument)
	}
}

// endCall closes a call of JSON-RPC, or an element of a batch of whatever kind.
func (rd *reading) endCall() {
	if rd.call.method != nil && !rd.takeCall(&rd.call) && (rd.call.n > 0 || rd.argued || rd.saw(roleRPC)) {
		rd.called(rd.call.method)
		// login(user, {password: …})
		if rd.call.texts() == 1 && rd.call.n > 1 && rd.call.logsIn(&rd.method) {
			rd.credential(callUser, callHolder, rd.call.args[0], textValue)
		}
	}
	rd.argued = false
	rd.call = rpcCall{}
	rd.tally.next()
}

// settleCallIDs forgets the ids of calls, which name nobody.
func (rd *reading) settleCallIDs() {
	if !rd.saw(roleRPC) || !rd.isDispatched() {
		return
	}
	rd.identifiers = slices.DeleteFunc(rd.identifiers, func(f field) bool {
		return f.role == roleID && f.place == inBody && !isArgument(f.holder)
	})
}

// isDispatched reports whether all passwords of the body are arguments of a
// remote call. Only then what the call names decides the kind: a client can put
// a method beside the fields of any login.
func (rd *reading) isDispatched() bool {
	for _, f := range rd.passwords {
		if f.place == inBody && !isArgument(f.holder) {
			return false
		}
	}
	return true
}

func isArgument(holder string) bool {
	for holder != "" {
		var segment string
		segment, holder, _ = strings.Cut(holder, ".")
		if segment == "params" || segment == "variables" {
			return true
		}
	}
	return false
}
