package caddymodule

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/spf13/cobra"

	"github.com/doorward/doorward/caddymodule/recognizer"
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

func recognizeCommand() *cobra.Command {
	var configFile, site string
	asJSON := false
	cmd := &cobra.Command{
		Use:   "recognize FILE.har...",
		Short: "Tells what Doorward makes of the requests in HAR files",
		Long: `
Reads HAR files, as the network panel of any browser exports them. Entries are
played in order, each file as one session, and for each is told whether it is
an attempt, whose, and how it ended. Without --json only the attempts are
listed, followed by the lines of a Caddyfile that would declare their routes.

A HAR file holds passwords and cookies: nothing of them is printed but the user
identifiers. Keys that begin with _ are ignored, except _clientIp, the address
that the request came from.

A file that cannot be read is named on standard error and prints nothing; the
others are played all the same, and the command ends with an error.`,
		Args: cobra.MinimumNArgs(1),
	}
	cmd.Flags().StringVarP(&configFile, "config", "c", "", "A Caddyfile, JSON, or the lines of a doorward block")
	cmd.Flags().StringVar(&site, "site", "", "Which site of --config, if it has several")
	cmd.Flags().BoolVar(&asJSON, "json", false, "Print one JSON object per entry")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		cmd.SilenceUsage = true // it would go to standard output, among the lines
		ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
		defer cancel()
		options, err := recognizerOptions(ctx, configFile, site)
		if err != nil {
			return err
		}
		run := &recognizer.Run{Player: recognizer.New(options), JSON: asJSON, Out: bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)}
		var errs []error
		for _, name := range files {
			errs = append(errs, recognizeFile(run, name))
		}
		return errors.Join(errs...)
	}
	return cmd
}

func recognizeFile(run *recognizer.Run, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("opening an archive: %w", err)
	}
	defer f.Close()
	return run.File(name, f)
}

// recognizerOptions reads what --config names; without it the automatic mode
// is all there is. ctx must outlive the use of the options.
func recognizerOptions(ctx caddy.Context, file, site string) (recognizer.Options, error) {
	if file == "" {
		return recognizer.Options{}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return recognizer.Options{}, fmt.Errorf("reading configuration: %w", err)
	}
	_, h, err := ReadConfig(text, file, site)
	if err != nil {
		return recognizer.Options{}, err
	}
	if err := h.provisionRoutes(ctx); err != nil {
		return recognizer.Options{}, fmt.Errorf("reading the configuration %s: %w", file, err)
	}
	return recognizer.Options{Site: h.site(), Route: h.routeOfEntry}, nil
}

// routeOfEntry finds the declared route of an archived request, as extract does
// of a live one.
func (h *Handler) routeOfEntry(e *har.Entry) (*config.Route, error) {
	var live *http.Request
	for i := range h.Routes {
		route := &h.Routes[i]
		if !recognize.RouteMatches(&e.Request, &route.Route) || !h.canRead(e, &route.Route) {
			continue
		}
		if len(route.matcherSets) == 0 {
			return &route.Route, nil
		}
		if live == nil {
			var err error
			if live, err = liveRequest(e); err != nil {
				return nil, err
			}
		}
		if match, err := route.matcherSets.AnyMatchWithError(live); match || err != nil {
			return &route.Route, err
		}
	}
	return nil, nil
}

// canRead reports whether the entry is an attempt where the route declares one,
// as far as the body is looked at.
func (h *Handler) canRead(e *har.Entry, route *config.Route) bool {
	seen := e.Request
	if limit := int(h.site().WithDefaults().BodyLimit); len(seen.Body) > limit {
		seen.Body, seen.Complete = seen.Body[:limit], false
	}
	_, ok := recognize.Declared(&seen, route)
	return ok
}

// liveRequest makes a request that Caddy's matchers can look at.
func liveRequest(e *har.Entry) (*http.Request, error) {
	r, err := http.NewRequest(e.Request.Method, e.URL, nil)
	if err != nil {
		// The error would quote the address, which may hold a password.
		return nil, errors.New("its method or address is none that Caddy could be asked for")
	}
	r.Header = e.Request.Header
	r.RequestURI = r.URL.RequestURI()
	// A request that arrives has the host in Host alone.
	r.URL.Scheme, r.URL.Host = "", ""
	r.RemoteAddr = netip.AddrPortFrom(e.Client, 1).String()
	return caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, &caddyhttp.Server{}), nil
}
