package recognize

import (
	"strings"

	"github.com/doorward/doorward/config"
)

// maxPageName is how long the last segment of a page may be that is looked at: no
// name of a login page is longer.
const maxPageName = 48

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
	case says&(saysLogout|saysReset|saysForgot|saysDelete) != 0:
		return config.ClassNone
	case says&saysSignup != 0:
		return config.ClassSignup
	case says&saysLogin != 0:
		return config.ClassLogin
	}
	return config.ClassNone
}
