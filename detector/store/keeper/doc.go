// Package keeper moves what the detector knows to a store and back, out of band.
//
// At the start the operator's entries and the sanctions are restored before the
// first request is answered; that is little. Everything else follows in the
// background, the newest version of each entry first, and is added to what the
// first requests have made meanwhile.
//
// From then on what has changed is appended twice a second, so that `kill -9`
// takes at most a second of it. When the changes have become as large as the
// tables, all tables are written anew as a snapshot, in small steps with pauses.
//
// When the store cannot be written (another process has it, the folder is
// read-only, the disk is full, the file is damaged) nothing stops: the state
// stays in memory, [Status] says so and why, and the store is tried again every
// few seconds. A damaged file is set aside under another name. When it can be
// written again all tables are written.
package keeper
