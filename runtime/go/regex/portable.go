// Package regex has the portable regular expressions: the subset that RE2, Go, Java,
// JavaScript and Python read alike, matched in time linear in the text.
//
// \d \w \s \b are ASCII (\s is [\t\n\f\r ]), . is any code point but \n, ^ and $ are
// the ends of the text, Search finds the pattern anywhere.
package regex

import (
	"fmt"
	"regexp"
	"sync"
)

// The limits of a pattern: code points, the largest count of a repetition with nested
// ones multiplied, single characters when repetitions are written out, nested groups.
const (
	MaxLength = 4_096
	MaxRepeat = 1_000
	MaxSize   = 10_000
	MaxDepth  = 64
)

// Portable is a compiled pattern.
type Portable struct {
	pattern  string
	compiled *regexp.Regexp
}

// String is the pattern as it was written.
func (p *Portable) String() string { return p.pattern }

// Search says whether the pattern is found in the text.
func (p *Portable) Search(text string) bool { return p.compiled.MatchString(text) }

// Compile compiles a pattern; the error says what keeps it from being portable.
func Compile(pattern string) (*Portable, error) {
	if found, ok := cache.get(pattern); ok {
		return found, nil
	}
	rewritten, err := rewrite(pattern)
	if err != nil {
		return nil, fmt.Errorf("the pattern is not portable: %w", err)
	}
	compiled, err := regexp.Compile(rewritten)
	if err != nil {
		return nil, fmt.Errorf("the pattern is not portable: %w", err)
	}
	made := &Portable{pattern, compiled}
	cache.put(pattern, made)
	return made, nil
}

// MustCompile is Compile for patterns that a compiler has checked; it panics.
func MustCompile(pattern string) *Portable {
	made, err := Compile(pattern)
	if err != nil {
		panic("regex: " + err.Error())
	}
	return made
}

// cache keeps the patterns that matches() makes at run time; it is emptied when full,
// as nothing is worth more than that.
var cache = compiledPatterns{patterns: map[string]*Portable{}}

type compiledPatterns struct {
	sync.RWMutex
	patterns map[string]*Portable
}

func (c *compiledPatterns) get(pattern string) (*Portable, bool) {
	c.RLock()
	defer c.RUnlock()
	found, ok := c.patterns[pattern]
	return found, ok
}

func (c *compiledPatterns) put(pattern string, made *Portable) {
	c.Lock()
	defer c.Unlock()
	if len(c.patterns) >= 1_024 {
		clear(c.patterns)
	}
	c.patterns[pattern] = made
}
