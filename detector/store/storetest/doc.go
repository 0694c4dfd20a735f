// Package storetest is the conformance suite of [store.Store]: what every store
// must do, whatever it is made of. A store that passes it can be put under the
// detector. See [Run].
package storetest
