package selftest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// Declarations proves that every declared route recognises a request made of
// its own fields, and answers made of its own conditions. What a matcher of
// Caddy asks for besides is not tried.
func Declarations(s *Site) []Check {
	checks := make([]Check, 0, len(s.Config.Routes))
	for i := range s.Config.Routes {
		checks = append(checks, declaration(s, i))
	}
	return checks
}

func declaration(s *Site, i int) Check {
	route := &s.Config.Routes[i]
	c := Check{Level: OK, Name: Declaration, Site: s.Config.Name, What: labelOf(*route) + " recognises its own requests and answers"}
	if s.matched(i) {
		c.What += "; its matcher was not tried"
	}
	spec, why := specimenOf(route)
	if why != "" {
		c.What = labelOf(*route) + " could not be tried: " + why
		return c
	}
	request := cutRequest(spec.request, s.Config.BodyLimit)
	found, problem := recognised(s, i, &spec, &request)
	untried := 0
	if problem.Why == "" {
		problem, untried = answersRead(s, route, &request, &found)
	}
	if problem.Why == "" {
		if untried > 0 {
			c.What += fmt.Sprintf("; no answer could be made for %d of its blocks", untried)
		}
		return c
	}
	c.Level, c.What = Failed, labelOf(*route)+" does not recognise what it declares"
	c.Why, c.Advice = problem.Why, problem.Advice
	return c
}

// problem is what is wrong with a declaration, empty when nothing is.
type problem struct{ Why, Advice string }

// recognised reads the request as the running server would.
func recognised(s *Site, i int, spec *specimen, r *recognize.Request) (recognize.Credentials, problem) {
	route := spec.route
	if !recognize.RouteMatches(r, route) {
		return recognize.Credentials{}, problem{
			fmt.Sprintf("a %s for %s is none of its requests", r.Method, r.Path), "write the method and the path that the form is sent to",
		}
	}
	for j := range s.Config.Routes[:i] {
		before := &s.Config.Routes[j]
		if s.matched(j) || !recognize.RouteMatches(r, before) {
			continue
		}
		if _, ok := recognize.Declared(r, before); ok {
			return recognize.Credentials{}, problem{
				"the route " + labelOf(*before) + " before it takes its requests", "write the narrower route first, or remove one",
			}
		}
	}
	found, ok := recognize.Declared(r, route)
	if !ok {
		return found, problem{
			"a request with its fields is no attempt there: a " + r.Method + " without credentials is a page view",
			"write the method by which the credentials are sent, like POST, and where the password is",
		}
	}
	if found.Uninspectable && int(s.Config.BodyLimit) < len(spec.request.Body) {
		return found, problem{fmt.Sprintf("only %d bytes of a body are looked at", s.Config.BodyLimit), "write a larger `body_limit`; 64KiB is the default"}
	}
	return found, fieldsFound(spec, &found)
}

// fieldsFound compares what was found with what was submitted.
func fieldsFound(spec *specimen, found *recognize.Credentials) problem {
	needed := found.Kind == config.KindLogin || found.Kind == config.KindSignup
	if (needed || spec.route.Password != nil) && len(found.Secrets) == 0 {
		return problem{"no password is found in a request with its fields", "write where the password is, like `password form pwd`"}
	}
	if spec.anywhere(config.PlaceBearer) {
		return problem{} // a token stands alone
	}
	if needed && len(found.Identities) == 0 {
		return problem{"nobody is named by a request with its fields", "write where the user is, like `identifier email form email`"}
	}
	if len(found.Identities) == 0 {
		return problem{}
	}
	if needed && len(spec.route.Identifiers) > 0 && !slices.ContainsFunc(spec.route.Identifiers, tellsApart) {
		return problem{"its identifiers are the same for everybody: one user's failures would be everybody's", "add where the user is, like `identifier email form email`"}
	}
	named := found.Identities[0].Map()
	for _, f := range spec.route.Identifiers {
		if want := spec.submitted[f.Name]; !strings.EqualFold(named[f.Name], want) {
			where := strings.TrimSpace(string(f.From) + " " + f.Key)
			return problem{
				fmt.Sprintf("the identifier %s is not found at `%s`, or is the same for everybody", f.Name, where),
				"write where the user is, like `identifier email form email`",
			}
		}
	}
	return problem{}
}

// tellsApart reports whether users differ in a field.
func tellsApart(f config.Field) bool {
	return f.From != config.PlaceHost && f.From != config.PlaceValue
}

// answersRead lets answers made of the conditions be read, and counts the blocks
// for which none could be made.
func answersRead(s *Site, route *config.Route, r *recognize.Request, found *recognize.Credentials) (p problem, untried int) {
	for _, side := range []struct {
		word, other string
		conditions  []config.Condition
		want        recognize.Result
	}{
		{"success", "failure", route.Success, recognize.Success},
		{"failure", "success", route.Failure, recognize.Failure},
		{"unknown", "failure", route.Unknown, recognize.Unknown},
	} {
		for n, condition := range side.conditions {
			resp, ok := answerOf(condition)
			if !ok {
				untried++
				continue
			}
			resp = cutAnswer(resp, s.Config.ResponseLimit)
			o := recognize.Classify(r.Exchange(found, &resp, recognize.RouteFacts{}))
			if o.Result != side.want {
				p = problem{
					fmt.Sprintf("an answer that fulfils block %d of `%s` is read as %s: %s", n+1, side.word, o.Result, strings.Join(o.Evidence, ", ")),
					fmt.Sprintf("make the `%s` blocks narrower: failure wins over unknown, and that over success", side.other),
				}
				return p, untried
			}
		}
	}
	return p, untried
}

// cutRequest leaves of the body what the server looks at.
func cutRequest(r recognize.Request, limit config.Size) recognize.Request {
	if limit > 0 && len(r.Body) > int(limit) {
		r.Body, r.Complete = r.Body[:limit], false
	}
	return r
}

func cutAnswer(resp recognize.Response, limit config.Size) recognize.Response {
	if limit > 0 && len(resp.Body) > int(limit) {
		resp.Body, resp.Complete = resp.Body[:limit], false
	}
	return resp
}
