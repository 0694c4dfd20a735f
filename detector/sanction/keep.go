package sanction

import (
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// Record is an entry of a Ladder, for what keeps it beyond the process. Its
// fields are the ladder's own.
type Record = record

// Table is where the ladder keeps its records.
func (l *Ladder) Table() *evidence.Table[Record] { return l.table }

// Words tells what the numbers of a Record stand for in this version: two lines,
// of answers and of detections. They belong beside records that are kept.
func Words() string {
	return "answers=" + join(config.Answers) + "\ndetections=" + join(config.Detections)
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ",")
}

// maxAhead is by how much a clock may have been wrong before a sanction is
// believed to come from the future.
const maxAhead evidence.Seconds = 300

// Reading returns what turns a record that was kept beside words into one of
// this version at now. It reports false for a sanction that has passed quietly,
// and for one whose answer this version does not know. A sanction that was
// imposed by a clock that was ahead begins now: it lasts as long as it was meant
// to, not until that clock's time has come.
func Reading(words string, now evidence.Seconds) func(r *Record) bool {
	answers, detections := wordsAt(words, "answers="), wordsAt(words, "detections=")
	return func(r *Record) bool {
		answer := indexOf(answers, r.answer, config.Answers)
		if answer < 0 {
			return false
		}
		r.answer = uint8(answer)
		detection := indexOf(detections, r.detection, config.Detections)
		if detection < 0 {
			detection = len(config.Detections) // of a version that knows more
		}
		r.detection = uint8(detection)
		r.rebase(now)
		return now < r.quiet
	}
}

// rebase moves a sanction that begins in the future to now.
func (r *record) rebase(now evidence.Seconds) {
	if r.created <= now+maxAhead {
		return
	}
	ahead := r.created - now
	r.created, r.until, r.quiet, r.probe = now, r.until-min(ahead, r.until), r.quiet-min(ahead, r.quiet), 0
}

func wordsAt(words, name string) []string {
	for line := range strings.SplitSeq(words, "\n") {
		if list, ok := strings.CutPrefix(line, name); ok {
			return strings.Split(list, ",")
		}
	}
	return nil
}

// indexOf is where the word that stood at i in another version's list stands in
// this one's, or -1.
func indexOf[T ~string](theirs []string, i uint8, ours []T) int {
	if int(i) >= len(theirs) {
		return -1
	}
	return slices.Index(ours, T(theirs[i]))
}

// Merge adds a sanction that was kept to one that was imposed since: the longer
// one holds, on the higher rung.
func Merge(live, kept *Record) {
	if kept.until > live.until {
		rung := max(live.rung, kept.rung)
		*live = *kept
		live.rung = rung
		return
	}
	live.rung = max(live.rung, kept.rung)
	live.quiet = max(live.quiet, kept.quiet)
	live.classes |= kept.classes
}

// All returns the sanctions that run or are on probation at now, in no order. It
// walks the table.
func (l *Ladder) All(now evidence.Seconds) (list []Hit) {
	l.table.Range(func(_ evidence.Key, r *record) bool {
		if now >= r.quiet {
			return true
		}
		hit := r.hit()
		hit.State = Held
		if now >= r.until {
			hit.State = Probation
		}
		list = append(list, hit)
		return true
	})
	return list
}
