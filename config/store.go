package config

import (
	"errors"
	"fmt"
)

// Store says where state lives beyond the process.
type Store struct {
	// Kind is embedded (default): a database in a folder; or memory: what is
	// learned ends with the process.
	Kind StoreKind `json:"kind,omitempty"`
	// Path is the folder of the embedded database. Default: state_dir.
	Path string `json:"path,omitempty"`
}

// StoreKind is a kind of store.
type StoreKind string

// The kinds of stores.
const (
	StoreEmbedded StoreKind = "embedded"
	StoreMemory   StoreKind = "memory"
)

// StoreKinds lists the kinds.
var StoreKinds = []StoreKind{StoreEmbedded, StoreMemory}

// ParseStoreKind reads a kind of store.
func ParseStoreKind(s string) (StoreKind, error) { return parseWord("store", s, StoreKinds) }

// validate is Validate for a store that may not be written.
func (s *Store) validate() error {
	if s == nil {
		return nil
	}
	if err := s.Validate(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// Validate reports every problem. It opens nothing.
func (s Store) Validate() error {
	if s.Kind == "redis" {
		return errors.New("a store that several edges share is not built yet; write `store embedded`")
	}
	if s.Kind != "" {
		if _, err := ParseStoreKind(string(s.Kind)); err != nil {
			return err
		}
	}
	if s.Kind == StoreMemory && s.Path != "" {
		return fmt.Errorf("memory has no folder %q; write `store memory`, or `store embedded %s`", s.Path, s.Path)
	}
	return nil
}
