package recognize

import (
	"strings"

	"github.com/doorward/doorward/config"
)

// maxPageName is how long the last segment of a page may be that is looked at: no
// name of a login page is longer.
const maxPageName = 48

// aboutWords are words in the name of a page that tells about logging in, and
// none in that of one to log in at, and endings of files that have no form. Inicio
// is where one logs in, and far more often the home page.
var aboutWords = wordSet(`how why what when where which cant cannot can problem problems trouble troubleshooting
	issue issues error errors help faq guide tutorial tips best vs versus without wie warum hilfe comment pourquoi aide como
	inicio png jpg jpeg gif svg webp avif ico pdf css js json xml txt map zip mp4 md`)

// onlyAbout reports whether a page says by a word of its name that it has no form.
func onlyAbout(name string) bool {
	var buf [2 * maxName]byte
	s := splitter[string]{text: name, camel: true}
	for word := s.next(buf[:0]); word != nil; word = s.next(buf[:0]) {
		if aboutWords[string(word)] {
			return true
		}
	}
	return false
}

// PageClass tells what the page at a path is for, as far as its last segment
// says: ClassLogin, ClassSignup, or ClassNone. It is asked for every page that a
// browser opens, so it looks at nothing else, and allocates nothing.
func PageClass(path string) config.Class {
	path = strings.TrimRight(path, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	name, _, _ = strings.Cut(name, ";")
	if name == "" || len(name) > maxPageName || name[0] >= '0' && name[0] <= '9' {
		return config.ClassNone
	}
	switch says := senseOfWords(name); {
	case says&(saysLogout|saysReset|saysForgot|saysDelete|saysSession|saysThing) != 0:
		return config.ClassNone
	case says&(saysSignup|saysLogin) != 0 && onlyAbout(name):
		return config.ClassNone
	case says&saysSignup != 0:
		return config.ClassSignup
	case says&saysLogin != 0:
		return config.ClassLogin
	}
	return config.ClassNone
}
