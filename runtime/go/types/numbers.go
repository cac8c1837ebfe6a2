package types

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// NumberRule narrows numbers. Bounds and steps are decimal texts, as in the schema.
type NumberRule func(*numberRules)

type numberRules struct {
	bits32 bool
	tests  []numberTest
}

type numberTest struct {
	keyword, words string
	fits           func(number, float64) bool
}

func bound(keyword, words, text string, fits func(value, bound float64) bool) NumberRule {
	limit := mustFloat(text)
	return func(n *numberRules) {
		n.tests = append(n.tests, numberTest{keyword, words + " " + text, func(_ number, value float64) bool {
			return fits(value, limit)
		}})
	}
}

func mustFloat(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(value, 0) {
		panic("types: " + strconv.Quote(text) + " is no number")
	}
	return value
}

// Minimum is the least number.
func Minimum(text string) NumberRule {
	return bound("minimum", "at least", text, func(value, limit float64) bool { return value >= limit })
}

// Maximum is the largest number.
func Maximum(text string) NumberRule {
	return bound("maximum", "at most", text, func(value, limit float64) bool { return value <= limit })
}

// ExclusiveMinimum is what every number is above.
func ExclusiveMinimum(text string) NumberRule {
	return bound("exclusiveMinimum", "above", text, func(value, limit float64) bool { return value > limit })
}

// ExclusiveMaximum is what every number is below.
func ExclusiveMaximum(text string) NumberRule {
	return bound("exclusiveMaximum", "below", text, func(value, limit float64) bool { return value < limit })
}

// MultipleOf is decided in decimal arithmetic on the number as people read it: 16.99 is
// a multiple of 0.01, although the binary fraction is not.
func MultipleOf(text string) NumberRule {
	step, ok := new(big.Rat).SetString(text)
	if !ok || step.Sign() == 0 {
		panic("types: " + strconv.Quote(text) + " is no step")
	}
	whole := int64(0)
	if step.IsInt() && step.Num().IsInt64() {
		whole = step.Num().Int64()
	}
	places := -1
	scaled := int64(0)
	if mantissa, digits, plain := strings.Cut(text, "."); plain && len(digits) < 10 && len(mantissa) < 6 &&
		!strings.ContainsAny(text, "eE-") {
		places = len(digits)
		scaled, _ = strconv.ParseInt(mantissa+digits, 10, 64)
	}
	fits := func(given number, value float64) bool {
		if given.integral {
			if whole != 0 {
				return given.whole%whole == 0
			}
			quotient := new(big.Rat).Quo(new(big.Rat).SetInt64(given.whole), step)
			return quotient.IsInt()
		}
		var buffer [32]byte
		shown := strconv.AppendFloat(buffer[:0], value, 'f', -1, 64)
		if places > 0 && len(shown) < 19-places {
			if sum, ok := scale(shown, places); ok {
				return sum%scaled == 0
			}
			return false
		}
		exact, ok := new(big.Rat).SetString(strconv.FormatFloat(value, 'g', -1, 64))
		return ok && new(big.Rat).Quo(exact, step).IsInt()
	}
	return func(n *numberRules) {
		n.tests = append(n.tests, numberTest{"multipleOf", "a multiple of " + text, fits})
	}
}

// scale is a decimal text times 10^places; false when digits are left over.
func scale(text []byte, places int) (int64, bool) {
	var sum int64
	behind := -1
	for _, c := range text {
		switch c {
		case '-':
		case '.':
			behind = 0
		default:
			sum = sum*10 + int64(c-'0')
			if behind >= 0 {
				behind++
			}
		}
	}
	if behind > places {
		return 0, false
	}
	for behind = max(behind, 0); behind < places; behind++ {
		sum *= 10
	}
	return sum, true
}

// Bits32 keeps integers within 32 bits.
func Bits32() NumberRule { return func(n *numberRules) { n.bits32 = true } }

func newNumberRules(rules []NumberRule) *numberRules {
	made := &numberRules{}
	for _, rule := range rules {
		rule(made)
	}
	if made.bits32 {
		made.tests = append([]numberTest{{"format", "within 32 bits", func(_ number, value float64) bool {
			return value >= math.MinInt32 && value <= math.MaxInt32
		}}}, made.tests...)
	}
	return made
}

func (n *numberRules) check(r *notes, given number, value float64) {
	for _, test := range n.tests {
		if !test.fits(given, value) {
			r.Report(test.keyword, "the number is not "+test.words)
		}
	}
}

// readInteger reads an integer; 1.0 and 1e3 are some.
func readInteger(r *Reader) (number, bool) {
	if r.kind() != kindNumber {
		r.wrongType("an integer")
		return number{}, false
	}
	start := r.at
	given := r.number()
	if r.err != nil {
		return given, false
	}
	if given.integral {
		return given, true
	}
	value := r.float(given)
	switch {
	case r.err != nil:
		return given, false
	case value != math.Trunc(value):
		r.at = start
		r.wrongType("an integer")
		return given, false
	case value > MaxSafeInteger || value < -MaxSafeInteger:
		r.Report(CodeIntegerRange, domainMessages[CodeIntegerRange])
		return given, false
	}
	return number{text: given.text, integral: true, whole: int64(value)}, true
}

// Integer is the codec of integers within ±(2^53−1).
func Integer(rules ...NumberRule) *Codec[int64] {
	checks := newNumberRules(rules)
	return &Codec[int64]{
		read: func(r *Reader, value *int64) {
			given, ok := readInteger(r)
			if !ok {
				return
			}
			*value = given.whole
			if len(checks.tests) > 0 {
				checks.check(&r.notes, given, float64(given.whole))
			}
		},
		write: func(w *Writer, value *int64) { w.integer(*value) },
	}
}

// Int32 is the codec of integers of 32 bits.
func Int32(rules ...NumberRule) *Codec[int32] {
	of := Integer(append([]NumberRule{Bits32()}, rules...)...)
	return As(of, func(value int64) int32 { return int32(value) }, func(value int32) int64 { return int64(value) })
}

// Float is the codec of numbers: finite doubles.
func Float(rules ...NumberRule) *Codec[float64] {
	checks := newNumberRules(rules)
	return &Codec[float64]{
		read: func(r *Reader, value *float64) {
			if r.kind() != kindNumber {
				r.wrongType("a number")
				return
			}
			given := r.number()
			if r.err != nil {
				return
			}
			if given.integral {
				*value = float64(given.whole)
			} else {
				*value = r.float(given)
			}
			if r.err == nil && len(checks.tests) > 0 {
				checks.check(&r.notes, given, *value)
			}
		},
		write: func(w *Writer, value *float64) { w.float(*value) },
	}
}
