package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/intel"
)

func init() {
	caddy.RegisterModule(new(ListFile))
	caddy.RegisterModule(new(ListURL))
}

// ListSource is what a module in the namespace `doorward.lists` implements to
// supply the content of an address list: out of an object store, a database, a
// threat feed with a login of its own. It brings bytes in any of the formats
// that lists have; reading them, refusing bad versions, keeping the last good
// copy, expiry and the table of addresses are Doorward's.
//
// Open is called by one goroutine at a time, never by a request, at every
// refresh and after a reload that changed how the list is read. It is given the
// version of the entries in use, as Open returned it, also across a reload and a
// restart, and answers Unchanged when that is still the latest. It ends with its
// context, after 30 seconds at the latest. A panic is an error. A source with a
// method Local() bool that returns true is asked every five seconds.
//
// The module is provisioned with every configuration that names it, and may
// implement [caddy.Provisioner] (no I/O there: a configuration must load while
// the source is away), [caddy.CleanerUpper] and [caddyfile.Unmarshaler], which
// the line `from` needs. A reload gives the list, which goes on with its
// entries, the new instance.
type ListSource interface {
	// Open brings the content, or tells that it is that of have.
	Open(ctx context.Context, have intel.Version) (intel.Content, error)
	// String names the place in status and logs, without credentials.
	String() string
}

// ListFile is a file of the machine, looked at every five seconds. In a
// Caddyfile `list NAME file PATH` is short for `from file PATH`.
type ListFile struct {
	// Path of the file. Placeholders of the environment are replaced.
	Path string `json:"path"`

	origin intel.Origin
}

// CaddyModule returns the Caddy module information.
func (*ListFile) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorward.lists.file", New: func() caddy.Module { return new(ListFile) }}
}

// Provision sets the file up. It opens nothing.
func (f *ListFile) Provision(caddy.Context) error {
	if f.Path == "" {
		return errors.New("the path is missing")
	}
	f.origin = intel.NewFileOrigin(caddy.NewReplacer().ReplaceKnown(f.Path, ""))
	return nil
}

// Open opens the file.
func (f *ListFile) Open(ctx context.Context, have intel.Version) (intel.Content, error) {
	return f.origin.Open(ctx, have)
}

// String returns the path.
func (f *ListFile) String() string { return f.origin.String() }

// Local says that asking costs a look at the disk.
func (f *ListFile) Local() bool { return true }

// UnmarshalCaddyfile reads `file PATH`.
func (f *ListFile) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.AllArgs(&f.Path) {
		return d.Err("write `from file /etc/doorward/vpn.txt`")
	}
	return nil
}

// ListURL is an http or https URL. Certificates are verified; three redirects
// are followed, never from https to http; an unchanged list is not sent again
// (ETag, Last-Modified). In a Caddyfile `list NAME url URL` is short for `from
// url URL`.
type ListURL struct {
	// URL of the list. Placeholders of the environment are replaced.
	URL string `json:"url"`
	// AllowPrivate allows addresses that are not public, which are refused
	// otherwise when the connection is made.
	AllowPrivate bool `json:"allow_private,omitempty"`

	origin intel.Origin
}

// CaddyModule returns the Caddy module information.
func (*ListURL) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorward.lists.url", New: func() caddy.Module { return new(ListURL) }}
}

// Provision sets the URL up. It asks nobody.
func (u *ListURL) Provision(caddy.Context) error {
	source := caddy.NewReplacer().ReplaceKnown(u.URL, "")
	if err := config.ValidateListURL(source); err != nil {
		return err
	}
	u.origin = intel.NewURLOrigin(source, u.AllowPrivate)
	return nil
}

// Open asks the server.
func (u *ListURL) Open(ctx context.Context, have intel.Version) (intel.Content, error) {
	return u.origin.Open(ctx, have)
}

// String returns the URL without user, password and query.
func (u *ListURL) String() string { return u.origin.String() }

// UnmarshalCaddyfile reads `url URL [allow_private]`.
func (u *ListURL) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	args := d.RemainingArgs()
	if len(args) == 0 || len(args) > 2 || len(args) == 2 && args[1] != "allow_private" {
		return d.Err("write `from url https://example.com/list`, or the same and allow_private")
	}
	u.URL, u.AllowPrivate = args[0], len(args) == 2
	return nil
}

// provisionLists makes ready what the configured lists are to be. It asks
// nobody and reads no file of more than a mebibyte.
func (a *App) provisionLists(ctx caddy.Context) error {
	repl := caddy.NewReplacer()
	for _, l := range a.cfg.All() {
		l.Source = repl.ReplaceKnown(l.Source, "")
		var origin intel.Origin
		if len(l.From) > 0 {
			source, err := loadListSource(ctx, l)
			if err != nil {
				return fmt.Errorf("list %s: %w", l.Name, err)
			}
			origin = source
		}
		spec := intel.SpecOf(l, origin)
		if _, err := intel.NewList(spec, intel.Deps{}); err != nil { // judges what placeholders became
			return err
		}
		if origin == nil && !l.IsURL() {
			if err := intel.CheckFile(l.Source, spec.Layout); err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
		}
		a.lists = append(a.lists, spec)
	}
	return nil
}

// loadListSource loads the module that supplies l. Loading empties the raw
// configuration it is given, which is therefore a copy.
func loadListSource(ctx caddy.Context, l config.List) (ListSource, error) {
	l.From = bytes.Clone(l.From)
	module, err := ctx.LoadModule(&l, "From")
	if err != nil {
		return nil, fmt.Errorf("loading the module that supplies it: %w", err)
	}
	source, ok := module.(ListSource)
	if !ok {
		return nil, fmt.Errorf("the module %T is in the namespace doorward.lists and supplies no list: it has no methods Open and String of ListSource", module)
	}
	return source, nil
}

// Interface guards
var (
	_ ListSource            = (*ListFile)(nil)
	_ ListSource            = (*ListURL)(nil)
	_ caddy.Provisioner     = (*ListFile)(nil)
	_ caddy.Provisioner     = (*ListURL)(nil)
	_ caddyfile.Unmarshaler = (*ListFile)(nil)
	_ caddyfile.Unmarshaler = (*ListURL)(nil)
)
