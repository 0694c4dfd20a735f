package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/doorward/doorward/caddymodule/demo"
	"github.com/doorward/doorward/detector/event"
)

func demoCommand() *cobra.Command {
	var listen, pageListen string
	attack := false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Starts a small app behind Doorward on this machine; --attack shows it being attacked",
		Long: `
Starts a bundled app without any protection of its own, Doorward in front of
it, and a page with the latest attempts, all on loopback. With --attack a real
user, a brute force and a credential stuffing run are played against it, what
happened is told in words, and the demo ends.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&attack, "attack", false, "Play the attacks, tell what happened, and end")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "Where the protected app listens; port 0 takes a free one")
	cmd.Flags().StringVar(&pageListen, "page", "127.0.0.1:0", "Where the page with the latest attempts listens")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return runDemo(ctx, cmd, listen, pageListen, attack)
	}
	return cmd
}

// demoSite is the Caddyfile of the demo: address, app, folder. The players of
// --attack get their addresses by X-Forwarded-For, so loopback is a trusted
// proxy here.
const demoSite = `{
	admin off
	persist_config off
	auto_https off
	storage file_system %[3]q
	log {
		level ERROR
	}
	servers {
		trusted_proxies static 127.0.0.0/8 ::1/128
		trusted_proxies_strict
	}
	doorward {
		tor off
		state_dir %[3]q
	}
}

http://%[1]s {
	doorward {
		site demo
		mode enforce
	}
	reverse_proxy %[2]s
}
`

func runDemo(ctx context.Context, cmd *cobra.Command, listen, pageListen string, attack bool) (err error) {
	dir, err := os.MkdirTemp("", "doorward-demo-")
	if err != nil {
		return fmt.Errorf("making a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	app := demo.NewApp(demo.Users())
	appAddr, stopApp, err := serve("127.0.0.1:0", app.Handler())
	if err != nil {
		return err
	}
	defer stopApp()
	pageAddr, stopPage, err := serve(pageListen, demo.Latest(latestEvents))
	if err != nil {
		return err
	}
	defer stopPage()
	site, err := freeAddress(listen)
	if err != nil {
		return err
	}
	if err := loadDemo(fmt.Sprintf(demoSite, site, appAddr, dir)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, caddy.Stop()) }()

	out := cmd.OutOrStdout()
	if attack {
		return (&demo.Attack{URL: "http://" + site, Out: out, Reached: app.Logins}).Run(ctx)
	}
	fmt.Fprintf(out, "The shop, behind Doorward:  http://%s/\nThe latest attempts:        http://%s/\n"+
		"Users: alice@shop.example, password %q. Stop with Ctrl-C.\n", site, pageAddr, demo.Users()["alice@shop.example"])
	<-ctx.Done()
	return nil
}

func loadDemo(caddyfile string) error {
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), nil)
	if err != nil {
		return fmt.Errorf("adapting the demo's Caddyfile: %w", err)
	}
	if err := caddy.Load(adapted, true); err != nil {
		return fmt.Errorf("starting the demo: %w", err)
	}
	return nil
}

// latestEvents reads the events of the running state.
func latestEvents(n int) []*event.Event {
	s, done := borrowState()
	if s == nil {
		return nil
	}
	defer done()
	return s.recent.Last(n, nil)
}

// serve starts a server and returns its address and how to stop it.
func serve(listen string, handler http.Handler) (address string, stop func(), err error) {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return "", nil, fmt.Errorf("listening on %s: %w", listen, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // ends with Close
	return ln.Addr().String(), func() { _ = server.Close() }, nil
}

// freeAddress replaces port 0, which Caddy cannot tell the result of.
func freeAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port != "0" {
		return listen, err
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return ln.Addr().String(), ln.Close()
}
