package integration

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	wordpressHost                    = "blog.test"
	wordpressUser, wordpressPassword = "alice-the-blogger", "right horse 4711"
)

// startMariaDB starts a database server with an empty database `blog` and
// returns its socket.
func startMariaDB(t *testing.T) string {
	t.Helper()
	install := need(t, "mariadb-install-db", "mariadb-server")
	dir := newDir(t)
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	user := "--user=" + os.Getenv("USER")
	if os.Geteuid() == 0 {
		user = "--user=root"
	}
	mustRun(t, exec.Command(install, "--no-defaults", user, "--datadir="+data, "--skip-test-db", "--auth-root-authentication-method=normal"))
	startServer(t, exec.Command(mariadbd(t), "--no-defaults", user, "--datadir="+data, "--socket="+socket,
		"--skip-networking", "--pid-file="+filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=32M",
		"--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"), "unix", socket)
	mustRun(t, exec.Command(need(t, "mariadb", "mariadb-client"), "--no-defaults", "--socket="+socket, "--user=root",
		"--execute=CREATE DATABASE blog"))
	return socket
}

// mariadbd is where Debian puts the server, which the PATH of users lacks.
func mariadbd(t *testing.T) string {
	t.Helper()
	const path = "/usr/sbin/mariadbd"
	needFile(t, path, "mariadb-server")
	return path
}

// wordpressConfig is what the installation asks of an operator: where the
// database is, and keys. The rest keeps WordPress from calling out.
const wordpressConfig = `<?php
define('DB_NAME', 'blog');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%s');
define('WP_HOME', '%s');
define('WP_SITEURL', '%[2]s');
define('WP_CONTENT_DIR', '/var/lib/wordpress/wp-content');
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('WP_ENVIRONMENT_TYPE', 'local');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $key) {
	define($key, 'put your unique phrase here ' . $key);
}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`

// startWordPress serves Debian's WordPress under the URL that visitors use, and
// goes through its installation.
func startWordPress(t *testing.T, address, url string) {
	t.Helper()
	needFile(t, "/usr/share/wordpress/wp-login.php", "wordpress")
	php := need(t, "php", "php-cli")
	socket := startMariaDB(t)
	dir := filepath.Join(newDir(t), "blog")
	mustRun(t, exec.Command("cp", "-a", "/usr/share/wordpress", dir))
	if err := os.WriteFile(filepath.Join(dir, "wp-config.php"), fmt.Appendf(nil, wordpressConfig, socket, url), 0o600); err != nil {
		t.Fatal(err)
	}
	startServer(t, exec.Command(php, "-d", "sendmail_path=/bin/true", "-d", "opcache.enable_cli=1", "-S", address, "-t", dir), "tcp", address)
	v := directVisitor(t, "http://"+address, "")
	got := v.post(t, "/wp-admin/install.php?step=2", "weblog_title", "Blog", "user_name", wordpressUser, "admin_password", wordpressPassword,
		"admin_password2", wordpressPassword, "pw_weak", "on", "admin_email", alice, "Submit", "Install WordPress", "language", "")
	if got.status != 200 || !strings.Contains(got.body, "wp-login.php") || strings.Contains(got.body, `name="admin_password"`) {
		t.Fatalf("installing WordPress: %v", got)
	}
}

// TestWordPress goes through the logins of a blog: the form, the interface for
// remote programs, application passwords.
func TestWordPress(t *testing.T) {
	t.Parallel()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	edge := guarded(t, wordpressHost, address)
	startWordPress(t, address, edge.url(wordpressHost))
	t.Run("form", func(t *testing.T) { testWordPressForm(t, edge) })
	t.Run("remote calls", func(t *testing.T) { testWordPressXMLRPC(t, edge) })
	t.Run("application password", func(t *testing.T) { testWordPressREST(t, edge) })
	t.Run("brute force", func(t *testing.T) { testWordPressBruteForce(t, edge) })
	edge.stop(t)
	edge.checkNowhere(t, []string{wordpressUser, wordpressPassword, "wrong horse", "any horse", "guess number", "remote horse", "many horses"})
}

// wordpressLogin submits the form as a browser does that was shown it.
func (v *visitor) wordpressLogin(t *testing.T, name, password string) answer {
	t.Helper()
	if page := v.get(t, "/wp-login.php"); page.status != 200 || !strings.Contains(page.body, `name="pwd"`) {
		t.Fatalf("the login page: %v", page)
	}
	return v.post(t, "/wp-login.php", "log", name, "pwd", password, "wp-submit", "Log In",
		"redirect_to", v.base+"/wp-admin/", "testcookie", "1")
}

func testWordPressForm(t *testing.T, edge *edge) {
	const from = "127.0.0.3"
	v := edge.browser(t, wordpressHost, from)
	for _, name := range []string{wordpressUser, "nobody-known"} {
		if got := v.wordpressLogin(t, name, "wrong horse"); got.status != 200 || !strings.Contains(got.body, "login_error") {
			t.Fatalf("a wrong password of %s: %v; want the form again", name, got)
		}
	}
	if got := v.post(t, "/wp-login.php?action=lostpassword", "user_login", wordpressUser, "redirect_to", "", "wp-submit", "Get New Password"); got.status != 302 {
		t.Fatalf("a lost password: %v; want 302", got)
	}
	got := v.wordpressLogin(t, wordpressUser, wordpressPassword)
	if got.status != 302 || !strings.HasSuffix(got.header.Get("Location"), "/wp-admin/") {
		t.Fatalf("the right password: %v; want 302 to /wp-admin/", got)
	}
	desk := v.follow(t, got)
	logout := html.UnescapeString(between(t, desk.body, `href="`+v.base+`/wp-login.php?action=logout`, `"`))
	if got := v.get(t, "/wp-login.php?action=logout"+logout); got.status != 302 {
		t.Fatalf("logging out: %v; want 302", got)
	}
	v.wordpressLogin(t, wordpressUser, "any horse")

	edge.checkTold(t, from, []told{
		{"a wrong password", "login", "failure", "login", wordpressUser},
		{"an unknown name", "login", "failure", "login", "nobody-known"},
		{"a lost password", "password_reset_request", "success", "login", wordpressUser},
		{"the right password", "login", "success", "login", wordpressUser},
		{"logging out", "logout", "success", "", ""},
		{"a wrong password again", "login", "failure", "login", wordpressUser},
	})
}

// call is a call of XML-RPC with texts for parameters.
func call(method string, texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		fmt.Fprintf(&b, "<param><value><string>%s</string></value></param>", text)
	}
	return "<?xml version=\"1.0\"?><methodCall><methodName>" + method + "</methodName><params>" + b.String() + "</params></methodCall>"
}

// multicall is n guesses in one call.
func multicall(stem string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<value><struct><member><name>methodName</name><value><string>wp.getUsersBlogs</string></value></member>"+
			"<member><name>params</name><value><array><data><value><string>%s</string></value><value><string>%s %d</string></value>"+
			"</data></array></value></member></struct></value>", wordpressUser, stem, i)
	}
	return "<?xml version=\"1.0\"?><methodCall><methodName>system.multicall</methodName><params><param><value><array><data>" +
		b.String() + "</data></array></value></param></params></methodCall>"
}

func (v *visitor) xmlrpc(t *testing.T, body string) answer {
	t.Helper()
	return v.do(t, v.request(t, http.MethodPost, "/xmlrpc.php", "text/xml", body))
}

func testWordPressXMLRPC(t *testing.T, edge *edge) {
	const from = "127.0.0.4"
	v := edge.visitor(t, wordpressHost, from)
	if got := v.xmlrpc(t, call("wp.getUsersBlogs", wordpressUser, "remote horse")); !strings.Contains(got.body, "<fault>") {
		t.Fatalf("a call with a wrong password: %v; want a fault", got)
	}
	if got := v.xmlrpc(t, call("wp.getUsersBlogs", wordpressUser, wordpressPassword)); !strings.Contains(got.body, "xmlrpc") {
		t.Fatalf("a call with the right password: %v; want the blogs", got)
	}
	if got := v.xmlrpc(t, call("demo.sayHello")); !strings.Contains(got.body, "Hello!") {
		t.Fatalf("a call without credentials: %v; want Hello!", got)
	}
	v.xmlrpc(t, call("wp.getUsersBlogs", "nobody-known", "remote horse"))
	edge.checkTold(t, from, []told{
		{"a wrong password", "login", "failure", "username", wordpressUser},
		{"the right password", "login", "success", "username", wordpressUser},
		{"an unknown name", "login", "failure", "username", "nobody-known"},
	})

	many := edge.visitor(t, wordpressHost, "127.0.0.5")
	var statuses []int
	for _, stem := range []string{"many horses one", "many horses two", "many horses three"} {
		statuses = append(statuses, many.xmlrpc(t, multicall(stem, 6)).status)
	}
	if statuses[0] != 200 || statuses[2] != http.StatusTooManyRequests {
		t.Errorf("three calls with six guesses each: %v; want the first let through and the third refused", statuses)
	}
}

func testWordPressREST(t *testing.T, edge *edge) {
	v := edge.browser(t, wordpressHost, "127.0.0.6")
	v.follow(t, v.wordpressLogin(t, wordpressUser, wordpressPassword))
	nonce := v.get(t, "/wp-admin/admin-ajax.php?action=rest-nonce").body
	req := v.request(t, http.MethodPost, "/index.php?rest_route=/wp/v2/users/me/application-passwords", "application/json", `{"name":"a telephone"}`)
	req.Header.Set("X-WP-Nonce", nonce)
	made := v.do(t, req)
	if made.status != http.StatusCreated {
		t.Fatalf("making an application password: %v", made)
	}
	password := between(t, made.body, `"password":"`, `"`)

	const from = "127.0.0.7"
	phone := edge.visitor(t, wordpressHost, from)
	for _, c := range []struct {
		password string
		status   int
	}{{"wrong horse", 401}, {password, 200}, {password, 200}} {
		req := phone.request(t, http.MethodGet, "/index.php?rest_route=/wp/v2/users/me", "", "")
		req.Header.Set("Authorization", basic(wordpressUser, c.password))
		if got := phone.do(t, req); got.status != c.status {
			t.Fatalf("an application password: %v; want %d", got, c.status)
		}
	}
	edge.checkTold(t, from, []told{
		{"a wrong application password", "login", "failure", "username", wordpressUser},
		{"the right one, twice", "login", "success", "username", wordpressUser},
	})
	edge.checkNowhere(t, []string{password})
}

func testWordPressBruteForce(t *testing.T, edge *edge) {
	v := edge.browser(t, wordpressHost, "127.0.0.8")
	edge.checkBruteForce(t, "127.0.0.8",
		func(i int) answer { return v.wordpressLogin(t, wordpressUser, guessAt(i)) },
		func() bool {
			owner := edge.browser(t, wordpressHost, "127.0.0.9")
			return owner.wordpressLogin(t, wordpressUser, wordpressPassword).status == 302
		})
}
