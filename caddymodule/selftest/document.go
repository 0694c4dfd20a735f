package selftest

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// document is a body under construction: the fields as a form names them, and
// the tree that the same names mean in JSON.
type document struct {
	flat map[string]string
	// keys are those of flat in the order in which they were put.
	keys []string
	tree map[string]any
	// conflict tells that one field is a value and holds others.
	conflict bool
}

// put sets a field and returns what it holds: a field that is there stays.
func (d *document) put(key, value string) string {
	if old, there := d.flat[key]; there {
		return old
	}
	if d.flat == nil {
		d.flat, d.tree = map[string]string{}, map[string]any{}
	}
	d.flat[key] = value
	d.keys = append(d.keys, key)
	d.plant(partsOf(key), value)
	return value
}

// partsOf cuts user[email] and user.email into their parts.
func partsOf(key string) []string {
	parts := strings.FieldsFunc(key, func(r rune) bool { return strings.ContainsRune("[].", r) })
	if len(parts) == 0 {
		return []string{key}
	}
	return parts
}

func (d *document) plant(parts []string, value string) {
	node := d.tree
	for _, part := range parts[:len(parts)-1] {
		switch below := node[part].(type) {
		case nil:
			next := map[string]any{}
			node[part] = next
			node = next
		case map[string]any:
			node = below
		default:
			d.conflict = true
			return
		}
	}
	last := parts[len(parts)-1]
	if _, there := node[last]; there {
		d.conflict = true
		return
	}
	node[last] = value
}

func (d *document) form() []byte {
	pairs := make([]string, len(d.keys))
	for i, key := range d.keys {
		pairs[i] = url.QueryEscape(key) + "=" + url.QueryEscape(d.flat[key])
	}
	return []byte(strings.Join(pairs, "&"))
}

func (d *document) json() []byte { return encoded(d.tree) }

// maxListed is how long a list may be that stands for numbered fields; beyond
// it they stay names of an object.
const maxListed = 16

// listed turns an object whose only key is a small number into a list, as
// items.0.name means one.
func listed(v any) any {
	node, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for key, below := range node {
		node[key] = listed(below)
	}
	if len(node) != 1 {
		return node
	}
	for key, below := range node {
		if n, err := strconv.Atoi(key); err == nil && n >= 0 && n < maxListed && strconv.Itoa(n) == key {
			list := make([]any, n+1)
			list[n] = below
			return list
		}
	}
	return node
}

func encoded(tree map[string]any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // so that a text that is looked for stays as it is
	root := make(map[string]any, len(tree))
	for key, below := range tree {
		root[key] = listed(below)
	}
	if len(root) == 0 || e.Encode(root) != nil {
		return []byte("{}")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
