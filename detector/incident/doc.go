// Package incident groups what belongs to one campaign into one record: who was
// tried, whose password was found, from where, since when, and how much of it
// was refused.
//
// A [Book] belongs to a site. It is shown every attempt once, when its verdict
// and outcome are known ([Book.Observe]), and asked now and then what there is to
// tell ([Book.Changes]). It depends on no queue: what a full queue of events
// drops is in the record all the same.
//
//	a detection ─▶ of a source, network, account or client software that an open
//	               incident has, or of the same kind ─▶ that incident, else a new one
//	a failure, a success ─▶ the incident of its source, if there is one; else it is
//	               kept for an hour, for the incident that may yet open
//
// An account is compromised when a stranger to it gets in from where an attack
// comes from, or from anywhere while it is under attack itself: the password that
// was tried is the right one.
//
// A caller never waits for another: observations are put into a bounded inbox,
// and whoever finds the book free works it off. If the inbox is full what shows a
// compromise is entered at once, and everything else is counted.
//
// Bounds, per site: [MaxOpen] open incidents and as many ended ones, [MaxAccounts]
// accounts listed of each and [maxListed] of all that are open, [MaxSources]
// sources of each, [recentKept] attempts of the last hour; beyond the bounds
// things are counted. That is 3 MiB at the very most, and nothing for a site that
// nobody attacks. All of it is forgotten when the process ends.
package incident
