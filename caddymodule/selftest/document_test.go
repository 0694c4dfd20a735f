package selftest

import "testing"

func TestFieldsStandWhereTheirNamesSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys       []string
		json, form string
		conflict   bool
	}{
		"nothing":                   {nil, `{}`, ``, false},
		"flat":                      {[]string{"email"}, `{"email":"v"}`, `email=v`, false},
		"brackets":                  {[]string{"user[email]", "user[pw]"}, `{"user":{"email":"v","pw":"v"}}`, `user%5Bemail%5D=v&user%5Bpw%5D=v`, false},
		"dots":                      {[]string{"user.name.first"}, `{"user":{"name":{"first":"v"}}}`, `user.name.first=v`, false},
		"a list":                    {[]string{"users.1.email"}, `{"users":[null,{"email":"v"}]}`, `users.1.email=v`, false},
		"a number beyond any list":  {[]string{"users.999999999.email"}, `{"users":{"999999999":{"email":"v"}}}`, `users.999999999.email=v`, false},
		"numbers at the root":       {[]string{"0.email"}, `{"0":{"email":"v"}}`, `0.email=v`, false},
		"twice the same":            {[]string{"a", "a"}, `{"a":"v"}`, `a=v`, false},
		"a value that holds others": {[]string{"a", "a.b"}, `{"a":"v"}`, `a=v&a.b=v`, true},
		"others, and their holder":  {[]string{"a.b", "a"}, `{"a":{"b":"v"}}`, `a.b=v&a=v`, true},
		"no name at all":            {[]string{"[]"}, `{"[]":"v"}`, `%5B%5D=v`, false},
	} {
		var d document
		for _, key := range c.keys {
			if got := d.put(key, "v"); got != "v" {
				t.Errorf("%s: %s holds %q", name, key, got)
			}
		}
		if d.conflict != c.conflict || string(d.json()) != c.json || string(d.form()) != c.form {
			t.Errorf("%s: conflict %t, %s and %s; want %t, %s and %s", name, d.conflict, d.json(), d.form(), c.conflict, c.json, c.form)
		}
	}
	var d document
	d.put("who", "first")
	if got := d.put("who", "second"); got != "first" {
		t.Errorf("a field that is there now holds %q", got)
	}
}
