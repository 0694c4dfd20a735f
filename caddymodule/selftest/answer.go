package selftest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// answerOf makes an answer that fulfils a condition, with as little else as it
// can have. False: none was found, which is no proof that there is none.
func answerOf(c config.Condition) (recognize.Response, bool) {
	resp := recognize.Response{Status: http.StatusOK, Header: http.Header{}, Complete: true}
	var tree document
	var texts []string
	for _, t := range c {
		text := filled(t.Values)
		switch t.Of {
		case config.PartHeader:
			resp.Header.Add(t.Name, text)
		case config.PartCookie:
			resp.Header.Add("Set-Cookie", t.Name+"="+text+"; Path=/")
		case config.PartRedirect:
			resp.Header.Set("Location", text)
			resp.Status = http.StatusFound
		case config.PartBody:
			texts = append(texts, t.Values[0])
		case config.PartJSON:
			tree.put(t.Name, text)
		}
	}
	for _, t := range c {
		if t.Of == config.PartStatus {
			resp.Status = statusOf(t.Values[0])
		}
	}
	resp.Body = []byte(strings.Join(texts, "\n"))
	if len(tree.keys) > 0 {
		if len(texts) > 0 {
			tree.put("selftest", strings.Join(texts, " "))
		}
		resp.Body = tree.json()
	}
	return resp, !tree.conflict && recognize.Holds(c, &resp)
}

// filled is a text that matches the first pattern.
func filled(patterns []string) string {
	if len(patterns) == 0 {
		return "x"
	}
	text := strings.Trim(patterns[0], "*")
	if text == "" {
		return "x"
	}
	return text
}

// statusOf is a code that matches a pattern like 302 or 4xx.
func statusOf(pattern string) int {
	usual := map[string]int{"2xx": http.StatusOK, "3xx": http.StatusFound, "4xx": http.StatusUnauthorized}
	if code, ok := usual[pattern]; ok {
		return code
	}
	code, _ := strconv.Atoi(strings.ReplaceAll(pattern, "x", "0"))
	return code
}
