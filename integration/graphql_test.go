package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// graphqlHost is the site of the GraphQL tests.
const graphqlHost = "graphql.test"

// loginByVariables is the document that clients such as Apollo's send.
const loginByVariables = `mutation Login($email: String!, $password: String!) {
  login(email: $email, password: $password) { token user { id } }
}`

// graphql posts an operation with its variables, nil for none.
func (v *visitor) graphql(t *testing.T, document string, variables map[string]string) answer {
	t.Helper()
	return v.postJSON(t, "/", operation(document, variables))
}

func operation(document string, variables map[string]string) map[string]any {
	op := map[string]any{"query": document}
	if variables != nil {
		op["variables"] = variables
	}
	return op
}

func credentials(email, password string) map[string]string {
	return map[string]string{"email": email, "password": password}
}

// sessionToken is the token of a login that was answered well.
func sessionToken(t *testing.T, a answer) string {
	t.Helper()
	var body struct {
		Data map[string]struct {
			Token string `json:"token"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%v: %v", a, err)
	}
	for _, field := range body.Data {
		if field.Token != "" {
			return field.Token
		}
	}
	t.Fatalf("no token in %v", a)
	return ""
}

// TestGraphQL goes through the life of an account on an Apollo Server, where
// every request goes to one path and every answer has the status 200.
func TestGraphQL(t *testing.T) {
	t.Parallel()
	app := startNode(t, graphqlDir)
	edge := guarded(t, graphqlHost, app.address("graphql"))
	const from, carol = "127.0.0.3", "carol@x.test"
	v := edge.visitor(t, graphqlHost, from)

	for _, a := range []answer{
		v.graphql(t, loginByVariables, credentials(alice, "wrong horse")),
		v.graphql(t, loginByVariables, credentials("nobody@x.test", "any horse")),
		v.graphql(t, fmt.Sprintf(`mutation { login(email: %q, password: "inline horse") { token } }`, alice), nil),
	} {
		if a.status != 200 || !strings.Contains(a.body, `"errors"`) {
			t.Fatalf("a wrong password: %v; want errors in an answer of status 200", a)
		}
	}
	v.headers.Set("Authorization", "Bearer "+sessionToken(t, v.graphql(t, loginByVariables, credentials(alice, alicePassword))))
	v.graphql(t, `query { products(search: "password login") me { email } }`, nil)
	if got := v.graphql(t, `mutation { logout }`, nil); !strings.Contains(got.body, "true") {
		t.Fatalf("logging out: %v", got)
	}
	v.headers.Del("Authorization")
	const signup = `mutation Join($email: String!, $password: String!) { signup(email: $email, password: $password) { token } }`
	sessionToken(t, v.graphql(t, signup, credentials(carol, "green kettle")))
	v.graphql(t, signup, credentials(carol, "red kettle"))
	sessionToken(t, v.graphql(t, fmt.Sprintf(`mutation { login(email: %q, password: "green kettle") { token } }`, carol), nil))

	edge.checkTold(t, from, []told{
		{"a wrong password in variables", "login", "failure", "email", alice},
		{"an unknown name", "login", "failure", "email", "nobody@x.test"},
		{"a wrong password in the document", "login", "failure", "email", alice},
		{"the right password", "login", "success", "email", alice},
		{"logging out", "logout", "success", "", ""},
		{"a new account", "signup", "success", "email", carol},
		{"a name that is taken", "signup", "failure", "email", carol},
		{"the new account's password in the document", "login", "success", "email", carol},
	})
	edge.stop(t)
	edge.checkNowhere(t, []string{
		alice, carol, alicePassword, "wrong horse", "any horse", "inline horse", "green kettle", "red kettle",
	})
}

// TestGraphQLBruteForce: guesses come one by one, many in one document under
// aliases, or many in one array. Each counts.
func TestGraphQLBruteForce(t *testing.T) {
	t.Parallel()
	app := startNode(t, graphqlDir)
	edge := guarded(t, graphqlHost, app.address("graphql"))
	owner := 20
	ownerGetsIn := func() bool {
		owner++
		v := edge.visitor(t, graphqlHost, fmt.Sprintf("127.0.0.%d", owner))
		return strings.Contains(v.graphql(t, loginByVariables, credentials(alice, alicePassword)).body, `"token"`)
	}
	single := edge.visitor(t, graphqlHost, "127.0.0.4")
	edge.checkBruteForce(t, "127.0.0.4", func(i int) answer {
		return single.graphql(t, loginByVariables, credentials(alice, guessAt(i)))
	}, ownerGetsIn)

	for n, c := range []struct {
		name string
		send func(v *visitor, stem string) answer
	}{
		{"aliases", func(v *visitor, stem string) answer { return v.graphql(t, aliased(stem, 6), nil) }},
		{"an array", func(v *visitor, stem string) answer {
			var batch []map[string]any
			for i := range 6 {
				batch = append(batch, operation(loginByVariables, credentials(alice, fmt.Sprint(stem, i))))
			}
			return v.postJSON(t, "/", batch)
		}},
	} {
		from := fmt.Sprintf("127.0.0.%d", 5+n)
		v := edge.visitor(t, graphqlHost, from)
		var statuses []int
		for _, stem := range []string{"first", "second", "third"} {
			statuses = append(statuses, c.send(v, c.name+stem).status)
		}
		if statuses[0] != 200 || statuses[2] != http.StatusTooManyRequests {
			t.Errorf("18 guesses in three requests with %s: %v; want the first let through and the third refused", c.name, statuses)
		}
		if !ownerGetsIn() {
			t.Errorf("with %s: the owner does not get in from elsewhere", c.name)
		}
	}
}

// aliased is one document with n guesses at alice's password.
func aliased(stem string, n int) string {
	var b strings.Builder
	b.WriteString("mutation {\n")
	for i := range n {
		fmt.Fprintf(&b, "  g%d: login(email: %q, password: %q) { token }\n", i, alice, fmt.Sprint(stem, i))
	}
	b.WriteString("}")
	return b.String()
}
