package recognize

import (
	"testing"

	"github.com/doorward/doorward/config"
)

func TestPagesOfAccounts(t *testing.T) { //nolint:paralleltest // counts allocations
	for path, want := range map[string]config.Class{
		"/login":               config.ClassLogin,
		"/users/sign_in":       config.ClassLogin,
		"/wp-login.php":        config.ClassLogin,
		"/de/anmelden":         config.ClassLogin,
		"/signup":              config.ClassSignup,
		"/accounts/register/":  config.ClassSignup,
		"/":                    config.ClassNone,
		"/products/42":         config.ClassNone,
		"/logout":              config.ClassNone,
		"/login/forgot":        config.ClassNone,
		"/password/reset":      config.ClassNone,
		"/login/assets/app.js": config.ClassNone,

		"/customer_login_form.aspx":         config.ClassLogin,
		"/log-in-or-sign-up":                config.ClassSignup,
		"/blog/how-to-login":                config.ClassNone,
		"/help/why-cant-i-sign-in":          config.ClassNone,
		"/faq/login-problems":               config.ClassNone,
		"/blog/wie-anmelden":                config.ClassNone,
		"/images/login.png":                 config.ClassNone,
		"/static/signup.JS":                 config.ClassNone,
		"/inicio":                           config.ClassNone,
		"/iniciar-sesion":                   config.ClassLogin,
		"/conference/sessions":              config.ClassNone,
		"/How-To-Register-For-The-Workshop": config.ClassNone,
	} {
		if got := PageClass(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if n := testing.AllocsPerRun(100, func() { PageClass(path) }); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func BenchmarkPageClass(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		PageClass("/products/garden-chairs")
	}
}
