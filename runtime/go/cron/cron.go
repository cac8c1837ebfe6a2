// Package cron has cron expressions with time zones.
//
// Five fields: minute, hour, day of month, month, day of week; `*`, lists, ranges, steps
// and English names. When both days are restricted, either counts (as in every cron).
//
// A local time that the clock skips in spring happens as much later as it skips; one that
// comes twice in autumn happens the first time. A schedule that names no hour (`*`)
// follows real time instead: nothing is skipped or shifted, and both of the repeated hours
// count.
package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a static binary has its own time zones
)

var (
	months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	days   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	named  = map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
	}
)

// horizon is the days in which every possible date comes up, 29 February included.
const horizon = 366 * 9

// Cron is a schedule.
type Cron struct {
	minutes, hours         []int
	days, months, weekdays []int
	eitherDay, everyHour   bool
	zone                   *time.Location
}

// Parse reads an expression and a time zone; "" is UTC.
func Parse(text, zone string) (*Cron, error) {
	full := text
	if known, there := named[strings.ToLower(strings.TrimSpace(text))]; there {
		full = known
	}
	fields := strings.Fields(full)
	if len(fields) != 5 {
		return nil, fmt.Errorf("`%s` has not the five fields of a cron expression", text)
	}
	c := &Cron{
		eitherDay: !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*"),
		everyHour: fields[1] == "*", zone: time.UTC,
	}
	if zone != "" && zone != "UTC" {
		found, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return nil, fmt.Errorf("there is no time zone `%s`", zone)
		}
		c.zone = found
	}
	for index, each := range []struct {
		into      *[]int
		low, high int
		names     []string
		first     int
	}{
		{&c.minutes, 0, 59, nil, 0},
		{&c.hours, 0, 23, nil, 0},
		{&c.days, 1, 31, nil, 0},
		{&c.months, 1, 12, months, 1},
		{&c.weekdays, 0, 7, days, 0},
	} {
		values, err := field(fields[index], each.low, each.high, each.names, each.first)
		if err != nil {
			return nil, err
		}
		*each.into = values
	}
	for index := range c.weekdays {
		c.weekdays[index] %= 7
	}
	return c, nil
}

func field(text string, low, high int, names []string, first int) ([]int, error) {
	var values []int
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			step = digits(stepText)
			if step < 1 {
				return nil, fmt.Errorf("`%s` has no step", part)
			}
		}
		start, end := low, high
		if span != "*" && span != "?" {
			begin, stop, ranged := strings.Cut(span, "-")
			var err error
			if start, err = value(begin, names, first); err != nil {
				return nil, err
			}
			switch {
			case ranged:
				if end, err = value(stop, names, first); err != nil {
					return nil, err
				}
			case !stepped:
				end = start
			}
		}
		if low > start || start > end || end > high {
			return nil, fmt.Errorf("`%s` is not within %d-%d", part, low, high)
		}
		for each := start; each <= end; each += step {
			values = append(values, each)
		}
	}
	slices.Sort(values)
	return slices.Compact(values), nil
}

func value(text string, names []string, first int) (int, error) {
	if number := digits(text); number >= 0 && len(text) < 4 {
		return number, nil
	}
	if at := slices.Index(names, strings.ToLower(text)); at >= 0 {
		return at + first, nil
	}
	return 0, fmt.Errorf("`%s` is no value of a cron field", text)
}

// digits is a number that is written with digits only, else -1; a very large one is as
// good as a large one.
func digits(text string) int {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return -1
	}
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 1 << 30
	}
	return int(number)
}

// After is the first time beyond a moment, in milliseconds since 1970; false when the
// schedule never comes up.
func (c *Cron) After(moment int64) (int64, bool) {
	day := time.UnixMilli(moment).In(c.zone).AddDate(0, 0, -1)
	year, month, number := day.Date()
	for range horizon {
		date := time.Date(year, month, number, 0, 0, 0, 0, time.UTC)
		if c.on(date) {
			if next, found := c.next(date, moment); found {
				return next, true
			}
		}
		year, month, number = date.AddDate(0, 0, 1).Date()
	}
	return 0, false
}

func (c *Cron) on(date time.Time) bool {
	if !slices.Contains(c.months, int(date.Month())) {
		return false
	}
	inMonth := slices.Contains(c.days, date.Day())
	inWeek := slices.Contains(c.weekdays, int(date.Weekday()))
	if c.eitherDay {
		return inMonth || inWeek
	}
	return inMonth && inWeek
}

// next is the first of a date's times beyond a moment.
func (c *Cron) next(date time.Time, moment int64) (found int64, there bool) {
	take := func(at int64) {
		if at > moment && (!there || at < found) {
			found, there = at, true
		}
	}
	for _, hour := range c.hours {
		for _, minute := range c.minutes {
			first, second := c.moments(date.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute))
			if !c.everyHour {
				take(first)
				continue
			}
			shown := time.UnixMilli(first).In(c.zone)
			if shown.Hour() == hour && shown.Minute() == minute {
				take(first)
				take(second)
			}
		}
	}
	return found, there
}

// moments are when a local clock (given as if it were UTC) shows a time, the first and the
// second time; once what it never shows is over.
func (c *Cron) moments(local time.Time) (first, second int64) {
	seconds := local.Unix()
	// the offsets of the day before and of the day after: a change lies between them
	_, before := time.Unix(seconds-24*3600, 0).In(c.zone).Zone()
	_, after := time.Unix(seconds+24*3600, 0).In(c.zone).Zone()
	early, late := seconds-int64(max(before, after)), seconds-int64(min(before, after))
	shows := func(at int64) bool {
		_, offset := time.Unix(at, 0).In(c.zone).Zone()
		return at+int64(offset) == seconds
	}
	switch {
	case shows(early) && shows(late):
		return early * 1000, late * 1000
	case shows(early):
		return early * 1000, early * 1000
	case shows(late):
		return late * 1000, late * 1000
	}
	// skipped: as if the offset before the change still held
	at := seconds - int64(before)
	return at * 1000, at * 1000
}
