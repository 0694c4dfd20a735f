package interstitial

import (
	"fmt"
	"html/template"
	"strings"
)

// maxLogo is how long a logo may be: a data URL is part of every page.
const maxLogo = 32 << 10

// CheckLogo tells whether the pages can show a logo: a path of the site, or a
// data URL of a picture in base64 of at most 32 KiB. An address of another host
// would tell it of every visitor.
func CheckLogo(logo string) error {
	switch {
	case len(logo) > maxLogo:
		return fmt.Errorf("the logo has %d bytes, at most %d; write the path of a file of the site", len(logo), maxLogo)
	case strings.ContainsFunc(logo, unsafeInPath):
		return fmt.Errorf("the logo holds a space, a backslash or a control character; write a path such as /logo.svg")
	case strings.HasPrefix(logo, "/") && !strings.HasPrefix(logo, "//"):
		return nil
	case isPicture(logo):
		return nil
	}
	return fmt.Errorf("the logo %.40q is no path of the site; write one such as /logo.svg, or data:image/png;base64,…", logo)
}

func isPicture(logo string) bool {
	for _, kind := range [...]string{"png", "jpeg", "gif", "webp", "avif", "svg+xml"} {
		if strings.HasPrefix(logo, "data:image/"+kind+";base64,") {
			return true
		}
	}
	return false
}

// logo is Logo if it can be shown. A picture cannot run anything, so that the
// template engine need not filter it.
func (p Page) logo() template.URL {
	if p.Logo == "" || CheckLogo(p.Logo) != nil {
		return ""
	}
	return template.URL(p.Logo)
}
