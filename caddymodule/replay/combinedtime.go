package replay

import (
	"fmt"
	"time"
)

// combinedTime reads 02/Jan/2006:15:04:05 -0700. It is a tenth of the cost of
// time.Parse, which would take as long as all else of a line together.
func combinedTime(b []byte) (time.Time, error) {
	n := [6]int{number(b[0:2]), month(b[3:6]), number(b[7:11]), number(b[12:14]), number(b[15:17]), number(b[18:20])}
	hours, minutes := number(b[22:24]), number(b[24:26])
	if !isTime(n, hours, minutes) || b[21] != '+' && b[21] != '-' {
		return time.Time{}, fmt.Errorf("time %s: expected 02/Jan/2006:15:04:05 -0700", short(b))
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if b[21] == '-' {
		offset = -offset
	}
	return time.Date(n[2], time.Month(n[1]), n[0], n[3], n[4], n[5], 0, time.UTC).Add(-offset), nil
}

// isTime reports whether day, month, year, hour, minute, second and the offset
// can be those of a time. What could not be read is -1.
func isTime(n [6]int, hours, minutes int) bool {
	low, high := [6]int{1, 1, 1, 0, 0, 0}, [6]int{31, 12, 9999, 23, 59, 60}
	for i, v := range n {
		if v < low[i] || v > high[i] {
			return false
		}
	}
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60
}

// number reads digits; -1 when there is anything else.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

func month(b []byte) int {
	for i := 0; i < len(months); i += 3 {
		if string(b) == months[i:i+3] {
			return i/3 + 1
		}
	}
	return -1
}
