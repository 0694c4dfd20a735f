package recognize

import (
	"bytes"
	"strings"
)

// bodyFormat is how the body of an answer is read.
type bodyFormat int

const (
	formatEmpty bodyFormat = iota
	formatJSON
	formatPage
	formatRPC
	formatXML  // read as JSON or as the page it holds
	formatRows // read as JSON
	formatText
	formatOpaque
)

// answer is an exchange with what was read of it.
type answer struct {
	x      Exchange
	status int
	format bodyFormat
	// complete tells that the whole body was read and understood.
	complete bool
	// borne tells that the request bore any cookie.
	borne   bool
	cookies cookieSigns
	json    jsonFacts
	page    pageFacts
	rpc     rpcFacts
	// told is what the body says, without the excuses that the request brought
	// along itself; echo is what the request says.
	told, echo said
}

// readAnswer reads cookies and body of an answer.
func readAnswer(x Exchange) *answer {
	resp := x.Response
	a := &answer{
		x: x, status: resp.Status, complete: resp.Complete, borne: len(x.Cookies) > 0,
		cookies: readCookies(x), echo: readEcho(x),
	}
	a.format = bodyFormatOf(resp)
	switch a.format {
	case formatJSON:
		a.readJSON()
	case formatXML:
		a.readXML()
	case formatRows:
		var whole bool
		a.json, whole = readRows(resp.Body)
		a.complete = a.complete && whole
		a.told, a.format = a.json.told, formatJSON
	case formatPage:
		a.readPage()
	case formatRPC:
		a.rpc = readRPC(resp.Body)
		a.told = a.rpc.told
	case formatText:
		a.told = listen(string(resp.Body[:min(len(resp.Body), maxHeardBytes)]))
		a.complete = a.complete && len(resp.Body) <= maxHeardBytes
	case formatOpaque:
		// An encoding that is not read hides what would speak against success.
		a.complete = a.complete && !isEncoded(resp.Header.Get("Content-Encoding"))
	}
	a.told &^= a.echo & excuses
	return a
}

func (a *answer) readJSON() {
	body := unguarded(a.x.Response.Body)
	var whole bool
	a.json, whole = readJSONFacts(body)
	a.json.no = a.json.no || raises(a.x.Response.Body)
	a.complete = a.complete && whole
	a.told = a.json.told
}

// readXML reads the values of an XML answer, or the page it holds.
func (a *answer) readXML() {
	var whole bool
	a.json, a.page, whole = readXML(a.x.Response.Body)
	a.complete = a.complete && whole
	a.told, a.format = a.json.told, formatJSON
	if a.page.tags > 0 {
		a.told, a.format = a.page.told, formatPage
	}
}

func (a *answer) readPage() {
	a.page = readPage(a.x.Response.Body)
	a.told = a.page.told
	if a.page.tags == 0 {
		a.format = formatText
	}
	// What stands after the text that was listened to may still refuse.
	a.complete = a.complete && a.page.text < maxPageText
}

// said is what the answer says, as far as a refusal (4xx) means it: in a page
// with the login form only error messages count.
func (a *answer) said() said {
	if a.format == formatPage && a.page.login {
		return a.told & a.page.warned
	}
	return a.told
}

func readEcho(x Exchange) said {
	var s said
	if x.RawQuery != "" {
		s = listen(string(formValue([]byte(x.RawQuery[:min(len(x.RawQuery), maxHeardBytes)]))))
		if len(x.RawQuery) > maxHeardBytes {
			s |= excuses // what stands behind may be repeated as well
		}
	}
	for _, e := range x.Echoes[:min(len(x.Echoes), maxEchoes)] {
		s |= listen(e[:min(len(e), maxEchoBytes)])
	}
	return s
}

// bodyFormatOf tells how to read a body: by its first byte where the type is
// vague, because many apps send JSON as text or as HTML.
func bodyFormatOf(resp *Response) bodyFormat {
	body := bytes.TrimSpace(resp.Body)
	if len(body) == 0 {
		return formatEmpty
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case isEncoded(resp.Header.Get("Content-Encoding")):
		return formatOpaque
	case isRows(kind):
		return formatRows
	case strings.HasSuffix(kind, "json") || isVague(kind) && startsJSON(unguarded(body)):
		return formatJSON
	case strings.HasSuffix(kind, "/xml") && bytes.Contains(body, []byte("<methodResponse")):
		return formatRPC
	case strings.HasSuffix(kind, "html"):
		return formatPage
	case strings.HasSuffix(kind, "xml"):
		return formatXML
	case kind == "" && body[0] == '<':
		return formatPage
	case isVague(kind):
		return formatText
	default:
		return formatOpaque
	}
}

func startsJSON(body []byte) bool {
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// isVague reports whether a content type leaves open what the body is.
func isVague(kind string) bool {
	return kind == "" || strings.HasPrefix(kind, "text/") || kind == "application/javascript"
}

func isEncoded(encoding string) bool {
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// rpcFacts is what an XML-RPC answer says. The format is that of
// xmlrpc.com/spec: a fault, or one value.
type rpcFacts struct {
	// fault: a fault or an element of a list of calls with a faultCode.
	fault bool
	// result: an element of a list of calls holds a result.
	result bool
	// no: the single value is a false.
	no   bool
	told said
}

func readRPC(body []byte) rpcFacts {
	tight := string(bytes.Join(bytes.Fields(body), nil))
	f := rpcFacts{
		fault:  strings.Contains(tight, "<fault>") || strings.Contains(tight, "<name>faultCode<"),
		result: strings.Contains(tight, "<data><value><array>") || strings.Contains(tight, "</value><value><array>"),
		no:     strings.Contains(tight, "<param><value><boolean>0<"),
	}
	if f.fault {
		f.told = listen(string(body[:min(len(body), maxHeardBytes)]))
	}
	return f
}

// judgeRPC reads an XML-RPC answer with a 2xx status. In a list of calls one
// result is enough: somebody's password was right.
func (a *answer) judgeRPC() Outcome {
	f := a.rpc
	switch {
	case f.fault && f.result:
		return outcome(Success, 0.8, "XML-RPC list of calls with a result")
	case f.fault && a.told.has(saidTooMany):
		return outcome(Throttled, 0.85, "XML-RPC fault says too many attempts")
	case f.fault && a.told.has(saidRefused):
		return outcome(Failure, 0.95, "XML-RPC fault about the credentials")
	case f.fault:
		return outcome(Failure, 0.8, "XML-RPC fault")
	case f.no:
		return outcome(Failure, 0.9, "XML-RPC false")
	case !a.complete:
		return a.cut()
	default:
		return outcome(Success, 0.85, "XML-RPC result without a fault")
	}
}
