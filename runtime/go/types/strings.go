package types

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/regex"
)

// StringRule narrows strings. Lengths count code points; every pattern must be found.
type StringRule func(*stringRules)

type stringRules struct {
	low, high int
	format    string
	fits      func(string) verdict
	patterns  []*regex.Portable
}

// MinLength is the least number of code points.
func MinLength(count int) StringRule { return func(s *stringRules) { s.low = count } }

// MaxLength is the largest number of code points.
func MaxLength(count int) StringRule { return func(s *stringRules) { s.high = count } }

// Format is a format of docs/types.md. It panics for an unknown one.
func Format(name string) StringRule {
	fits, known := formats[name]
	if !known {
		panic("types: there is no format " + strconv.Quote(name))
	}
	return func(s *stringRules) { s.format, s.fits = name, fits }
}

// Pattern is a portable regular expression. It panics for one that is not.
func Pattern(text string) StringRule {
	compiled := regex.MustCompile(text)
	return func(s *stringRules) { s.patterns = append(s.patterns, compiled) }
}

func newStringRules(rules []StringRule) *stringRules {
	made := &stringRules{high: -1}
	for _, rule := range rules {
		rule(made)
	}
	return made
}

func (s *stringRules) check(r *notes, text string) {
	if s.low > 0 || s.high >= 0 {
		length := utf8.RuneCountInString(text)
		if length < s.low {
			r.Report("minLength", fmt.Sprintf("the string has %d characters, fewer than %d", length, s.low))
		}
		if s.high >= 0 && length > s.high {
			r.Report("maxLength", fmt.Sprintf("the string has %d characters, more than %d", length, s.high))
		}
	}
	if s.fits != nil {
		switch s.fits(text) {
		case leap:
			r.Report(CodeLeapSecond, domainMessages[CodeLeapSecond])
		case no:
			r.Report("format", "the string is no `"+s.format+"`")
		}
	}
	for _, pattern := range s.patterns {
		if !pattern.Search(text) {
			r.Report("pattern", "the string does not match `"+pattern.String()+"`")
		}
	}
}

// accepts is check for those who only want to know whether there is a problem.
func (s *stringRules) accepts(text string) bool {
	if s.low > 0 || s.high >= 0 {
		length := utf8.RuneCountInString(text)
		if length < s.low || (s.high >= 0 && length > s.high) {
			return false
		}
	}
	if s.fits != nil && s.fits(text) != yes {
		return false
	}
	for _, pattern := range s.patterns {
		if !pattern.Search(text) {
			return false
		}
	}
	return true
}

// String is the codec of strings.
func String(rules ...StringRule) *Codec[string] {
	checks := newStringRules(rules)
	free := len(rules) == 0
	return &Codec[string]{
		read: func(r *Reader, value *string) {
			if r.kind() != kindString {
				r.wrongType("a string")
				return
			}
			*value = string(r.text())
			if !free && r.err == nil {
				checks.check(&r.notes, *value)
			}
		},
		write: func(w *Writer, value *string) { w.string(*value) },
	}
}

// Text is the codec of a string type: DateTime, UUID and their like.
func Text[T ~string](rules ...StringRule) *Codec[T] {
	of := String(rules...)
	return As(of, func(text string) T { return T(text) }, func(value T) string { return string(value) })
}

// Bytes is the codec of base64 (RFC 4648, padded, canonical).
func Bytes(rules ...StringRule) *Codec[[]byte] {
	of := String(append([]StringRule{Format("byte")}, rules...)...)
	return As(of, func(text string) []byte {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil // the format was reported
		}
		return data
	}, base64.StdEncoding.EncodeToString)
}

// DateTime is an RFC 3339 date-time as it was written. time.Time would lose its case,
// its offset's spelling and digits beyond nanoseconds.
type DateTime string

// NewDateTime is a moment with its offset.
func NewDateTime(of time.Time) DateTime { return DateTime(of.Format(time.RFC3339Nano)) }

// Time is the moment; fractions beyond nanoseconds are cut off. It is the zero time
// for a text that is no date-time.
func (d DateTime) Time() time.Time {
	text := []byte(d)
	for at, c := range text {
		if c == 't' || c == 'z' {
			text[at] = c - 0x20
		}
	}
	moment, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}
	}
	return moment
}

// Date is an RFC 3339 full-date.
type Date string

// NewDate is the day of a moment, in its own zone.
func NewDate(of time.Time) Date { return Date(of.Format(time.DateOnly)) }

// Time is the day's begin in UTC; the zero time for a text that is no date.
func (d Date) Time() time.Time {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return day
}

// UUID is a UUID as it was written.
type UUID string

// Decimal is a decimal number that travels as text.
type Decimal string

// Int64Text is a 64-bit integer that travels as text.
type Int64Text string

// NewInt64Text is an integer as text.
func NewInt64Text(value int64) Int64Text { return Int64Text(strconv.FormatInt(value, 10)) }

// Int64 is the integer; 0 for a text that is none.
func (t Int64Text) Int64() int64 {
	value, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil {
		return 0
	}
	return value
}
