package interstitial

import (
	"fmt"
	"html/template"
	"strings"
)

// maxLogo is how long a logo may be: a data URL is part of every page.
const maxLogo = 64 << 10

// CheckLogo tells whether the pages can show a logo: a path of the site, or a
// data URL of a picture, of at most 64 KiB. An address of another host
// would tell it of every visitor.
func CheckLogo(logo string) error {
	switch {
	case len(logo) > maxLogo:
		return fmt.Errorf("the logo has %d bytes, at most %d; write the path of a file of the site", len(logo), maxLogo)
	case strings.ContainsFunc(logo, unsafeInPath):
		return fmt.Errorf("the logo holds a space, a backslash or a control character; write a path such as /logo.svg")
	case strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//"):
		return nil
	case strings.HasPrefix(logo, "data:image/"):
		return nil
	}
	return fmt.Errorf("the logo %.40q is no path of the site; write one such as /logo.svg, or data:image/png;base64,…", logo)
}

// logo is Logo if it can be shown. A picture cannot run anything, so that the
// template engine need not filter it.
func (p Page) logo() template.URL {
	if p.Logo == "" || CheckLogo(p.Logo) != nil {
		return ""
	}
	return template.URL(p.Logo) //nolint:gosec // CheckLogo has seen it, and a picture runs nothing
}
