// Package versions has semantic versions and npm's ranges, as far as sub-workflows need
// them: 1.2.3, =1.2.3, *, 1.x, 1.2, ^1.2.3, ~1.2.3, >=1.0.0 <2.0.0, 1.0.0 - 2.0.0 and
// alternatives by ||. A pre-release only satisfies a range that names one.
package versions

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Version is a semantic version that compares.
type Version struct {
	numbers [3]int64
	// pre are the parts of a pre-release; a release has the greatest.
	pre []part
}

type part struct {
	rank   int // 0: a number, 1: a text, 2: the mark of a release
	number int64
	text   string
}

const infinite = 1 << 62

var (
	version    = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$`)
	partial    = regexp.MustCompile(`^v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?$`)
	hyphen     = regexp.MustCompile(`^(\S+)\s+-\s+(\S+)$`)
	comparator = regexp.MustCompile(`\s*(\^|~|>=|<=|>|<|=)?\s*(\S+)`)
	release    = []part{{rank: 2}}
)

// Parse reads a version.
func Parse(text string) (Version, error) {
	found := version.FindStringSubmatch(text)
	if found == nil {
		return Version{}, fmt.Errorf("`%s` is no semantic version", text)
	}
	var made Version
	for index := range made.numbers {
		made.numbers[index] = number(found[index+1])
	}
	made.pre = prerelease(found[4])
	return made, nil
}

// number is a decimal number; what is too large counts as infinite.
func number(digits string) int64 {
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return infinite
	}
	return min(value, infinite)
}

func prerelease(text string) []part {
	if text == "" {
		return release
	}
	var parts []part
	for each := range strings.SplitSeq(text, ".") {
		if each != "" && strings.Trim(each, "0123456789") == "" {
			parts = append(parts, part{number: number(each)})
		} else {
			parts = append(parts, part{rank: 1, text: each})
		}
	}
	return parts
}

// Compare orders versions.
func (v Version) Compare(other Version) int {
	if order := slices.Compare(v.numbers[:], other.numbers[:]); order != 0 {
		return order
	}
	return slices.CompareFunc(v.pre, other.pre, func(a, b part) int {
		switch {
		case a.rank != b.rank:
			return a.rank - b.rank
		case a.number != b.number:
			if a.number < b.number {
				return -1
			}
			return 1
		}
		return strings.Compare(a.text, b.text)
	})
}

func (v Version) isRelease() bool { return len(v.pre) == 1 && v.pre[0].rank == 2 }

// Satisfies is whether a version is in a range. The error says that one of them is
// malformed.
func Satisfies(text, of string) (bool, error) {
	parsed, err := Parse(text)
	if err != nil {
		return false, err
	}
	plain := parsed.isRelease() || strings.Contains(strings.ReplaceAll(of, " - ", ""), "-")
	fits := false
	for each := range strings.SplitSeq(of, "||") {
		tests, err := testsOf(strings.TrimSpace(each))
		if err != nil {
			return false, err
		}
		all := plain
		for _, test := range tests {
			all = all && test(parsed)
		}
		fits = fits || all
	}
	return fits, nil
}

type test func(Version) bool

func testsOf(text string) ([]test, error) {
	if found := hyphen.FindStringSubmatch(text); found != nil {
		low, err := compare(">=", found[1])
		if err != nil {
			return nil, err
		}
		high, err := compare("<=", found[2])
		return append(low, high...), err
	}
	var tests []test
	for _, found := range comparator.FindAllStringSubmatch(text, -1) {
		more, err := compare(found[1], found[2])
		if err != nil {
			return nil, err
		}
		tests = append(tests, more...)
	}
	return tests, nil
}

func atLeast(low Version) test { return func(v Version) bool { return v.Compare(low) >= 0 } }
func below(high Version) test  { return func(v Version) bool { return v.Compare(high) < 0 } }

func compare(operator, operand string) ([]test, error) {
	found := partial.FindStringSubmatch(operand)
	if found == nil {
		return nil, fmt.Errorf("`%s%s` is no version range", operator, operand)
	}
	var numbers []int64
	for _, each := range found[1:4] {
		if each != "" && strings.Trim(each, "0123456789") == "" {
			numbers = append(numbers, number(each))
		}
	}
	known := len(numbers)
	// everything that an incomplete version stands for lies between floor and high
	floor := Version{numbers: fill(numbers)}
	low, high := floor, after(numbers, known-1)
	whole := known == 3
	if whole {
		low.pre = prerelease(found[4])
	}
	switch operator {
	case ">=":
		return []test{atLeast(low)}, nil
	case "<":
		return []test{below(low)}, nil
	case ">":
		if whole {
			return []test{func(v Version) bool { return v.Compare(low) > 0 }}, nil
		}
		return []test{atLeast(high)}, nil
	case "<=":
		if whole {
			return []test{func(v Version) bool { return v.Compare(low) <= 0 }}, nil
		}
		return []test{below(high)}, nil
	}
	if known == 0 {
		return nil, nil
	}
	switch operator {
	case "~":
		high = after(numbers, min(known, 2)-1)
	case "^":
		// up to the next change of the leftmost number that is not zero
		leading := slices.IndexFunc(numbers, func(n int64) bool { return n != 0 })
		if leading < 0 {
			leading = known - 1
		}
		high = after(numbers, leading)
	default:
		if whole {
			return []test{func(v Version) bool { return v.Compare(low) == 0 }}, nil
		}
	}
	return []test{atLeast(low), below(high)}, nil
}

func fill(numbers []int64) (filled [3]int64) {
	copy(filled[:], numbers)
	return filled
}

// after is the first version beyond all that agree up to a position.
func after(numbers []int64, position int) Version {
	if position < 0 {
		return Version{numbers: [3]int64{infinite}}
	}
	filled := fill(numbers[:position+1])
	filled[position]++
	return Version{numbers: filled}
}
