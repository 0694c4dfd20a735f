package recognize

import "github.com/doorward/doorward/config"

// PageClass tells what the page at a path is for, as far as its last segment
// says: ClassLogin, ClassSignup, or ClassNone. It allocates nothing.
func PageClass(path string) config.Class {
	switch says := senseOfPath(path); {
	case says&(saysLogout|saysReset|saysForgot|saysDelete) != 0:
		return config.ClassNone
	case says&lastSignup != 0:
		return config.ClassSignup
	case says&lastLogin != 0:
		return config.ClassLogin
	}
	return config.ClassNone
}
