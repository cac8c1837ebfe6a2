package core

import (
	"regexp"
	"strconv"
	"time"
)

var dateTimeFormat = regexp.MustCompile(
	`\A(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))\z`)

// parseDateTime is the milliseconds since 1970 UTC of a date-time of RFC 3339; finer
// fractions are cut off. A leap second counts as the second after it.
func parseDateTime(text string) (int64, bool) {
	found := dateTimeFormat.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	number := func(at int) int {
		value, _ := strconv.Atoi(found[at])
		return value
	}
	year, month, day := number(1), number(2), number(3)
	hour, minute, second := number(4), number(5), number(6)
	leap := second == 60
	if leap {
		second = 59
	}
	moment := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if year < 1 || moment.Month() != time.Month(month) || moment.Day() != day || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	offset := number(9)*60 + number(10)
	if offset > 23*60+59 || number(10) > 59 {
		return 0, false
	}
	millis := moment.UnixMilli()
	if leap {
		millis += 1000
	}
	fraction, _ := strconv.Atoi((found[7] + "000")[:3])
	millis += int64(fraction)
	if found[8] == "-" {
		offset = -offset
	}
	return millis - int64(offset)*60_000, true
}
