// Package doorward registers the Caddy modules of Doorward when it is
// imported, as `xcaddy build --with github.com/doorward/doorward` does. The
// modules themselves live in the folder caddymodule.
package doorward

import _ "github.com/doorward/doorward/caddymodule" // registers the modules
