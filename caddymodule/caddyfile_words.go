package caddymodule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
)

// The parse functions read one argument of a line. Their errors say what to
// write instead.

func parseSecret(s string) (config.Secret, error) {
	if s == "" {
		return "", errors.New("the secret is empty; write {env.DOORWARD_SECRET} or {file./path}, or leave the line out for a random one")
	}
	return config.Secret(s), nil
}

func parsePath(s string) (string, error) {
	if s == "" {
		return "", errors.New("the path is empty; write one, or leave the line out")
	}
	return s, nil
}

func parseText(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", errors.New("the text is empty; write one, or leave the line out")
	}
	return s, nil
}

// parseCount reads a whole number above zero. Zero would mean the default,
// which is not what somebody who writes it can mean.
func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is no whole number above 0; write digits only", s)
	}
	return n, nil
}

func parsePositive(s string) (config.Duration, error) {
	d, err := config.ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("the duration %s is not above zero; write something like 10m", s)
	}
	return d, err
}

func parsePositiveSize(s string) (config.Size, error) {
	n, err := config.ParseSize(s)
	if err == nil && n == 0 {
		err = fmt.Errorf("the size %s is not above zero; write something like 64KiB, or leave the line out", s)
	}
	return n, err
}

func parseSwitch(s string) (*bool, error) {
	on := s == "on"
	if !on && s != "off" {
		return nil, fmt.Errorf("unknown setting %q; write on or off", s)
	}
	return &on, nil
}

func parseRefusal(s string) (config.Refusal, error) {
	switch r := config.Refusal(s); r {
	case config.RefusalPage, config.RefusalError:
		return r, nil
	}
	return "", fmt.Errorf("unknown refusal %q; write page or error", s)
}

func parseDeviceCookie(s string) (config.DeviceCookie, error) {
	switch s {
	case "":
		return config.DeviceCookie{}, errors.New("the name is empty; write `device_cookie off`, a name, or leave the line out")
	case "off":
		return config.DeviceCookie{Off: true}, nil
	case "on":
		return config.DeviceCookie{}, nil
	}
	c := config.DeviceCookie{Name: s}
	return c, c.Validate()
}

func parseFold(s string) (bool, error) {
	if s != "strict" {
		return false, fmt.Errorf("unknown way to fold %q; write strict, or leave the line out", s)
	}
	return true, nil
}

// unknownWord names the nearest word of a closed list, or all.
func unknownWord(what, word string, list []string) error {
	if near := config.Nearest(word, list); near != "" {
		return fmt.Errorf("unknown %s `%s`; did you mean `%s`?", what, word, near)
	}
	return fmt.Errorf("unknown %s `%s`; write one of %s", what, word, strings.Join(list, ", "))
}
