package types

import (
	"fmt"
	"strings"
)

// The domain: the JSON values that mean the same in every language. What lies
// outside is refused with one of these codes before any schema is asked.
const (
	CodeNotJSON      = "MFD001"
	CodeIntegerRange = "MFD002"
	CodeNotFinite    = "MFD003"
	CodeSurrogate    = "MFD004"
	CodeDuplicateKey = "MFD005"
	CodeDepth        = "MFD006"
	CodeLeapSecond   = "MFD007"
)

var domainMessages = map[string]string{
	CodeNotJSON:      "the text is not JSON in UTF-8",
	CodeIntegerRange: "the integer is beyond ±(2^53−1)",
	CodeNotFinite:    "the number is beyond the range of doubles",
	CodeSurrogate:    "the string has a lone surrogate",
	CodeDuplicateKey: "the key stands twice in one object",
	CodeDepth:        "more than 512 collections stand in each other",
	CodeLeapSecond:   "the time has a leap second",
}

const (
	// MaxSafeInteger is the largest integer that travels as a JSON number.
	MaxSafeInteger = 1<<53 - 1
	// MaxDepth is how many collections may stand in each other.
	MaxDepth = 512
	// MaxProblems is how many problems of one value are told.
	MaxProblems = 100
)

// DomainError is a text or value outside the domain. Code is one of the MFD codes;
// Detail says where or what, for people.
type DomainError struct {
	Code   string
	Detail string
}

func (e *DomainError) Error() string {
	if e.Detail == "" {
		return domainMessages[e.Code]
	}
	return domainMessages[e.Code] + ": " + e.Detail
}

// Problem is one thing that keeps a value from fitting its schema. Path is a JSON
// pointer into the value, "" for the value itself; Code is the keyword that the value
// breaks (type, required, minimum, …) or an MFD code; Message is one sentence.
type Problem struct {
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ValidationError is a value that does not fit its schema. It has at least one
// problem and at most MaxProblems, in the order of the value's members.
type ValidationError struct {
	Problems []Problem
}

func (e *ValidationError) Error() string {
	var text strings.Builder
	for index, problem := range e.Problems {
		if index == 20 {
			fmt.Fprintf(&text, "; and %d more", len(e.Problems)-index)
			break
		}
		if index > 0 {
			text.WriteString("; ")
		}
		path := problem.Path
		if path == "" {
			path = "/"
		}
		fmt.Fprintf(&text, "%s: %s", path, problem.Message)
	}
	return text.String()
}
