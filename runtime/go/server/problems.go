package server

import (
	"strconv"
	"strings"
)

// Problem is an error answer (RFC 9457): status, our code, one sentence, and what is
// wrong where.
type Problem struct {
	Status int
	Code   string
	Detail string
	// Errors is a list of {path, code, message}; nil where there are none.
	Errors any
	// Details are what the core tells besides, where it does; HasDetails also for null.
	Details    any
	HasDetails bool
	// Headers are names and values, one after the other.
	Headers []string
}

func (p *Problem) Error() string { return p.Detail }

func badRequest(detail string) *Problem {
	return &Problem{Status: 400, Code: "BAD_REQUEST", Detail: detail}
}

func notFound(detail string) *Problem {
	return &Problem{Status: 404, Code: "NOT_FOUND", Detail: detail}
}

func conflict(detail string) *Problem {
	return &Problem{Status: 409, Code: "CONFLICT", Detail: detail, HasDetails: true}
}

func tooLarge(limit int) *Problem {
	return &Problem{
		Status: 413, Code: "TOO_LARGE", Detail: "the body has more than " + strconv.Itoa(limit) + " bytes",
	}
}

var titles = map[int]string{
	400: "Bad request",
	401: "Not authorized",
	404: "Not found",
	405: "Method not allowed",
	409: "Conflict",
	413: "Too large",
	422: "Not valid",
	429: "Too many requests",
	500: "Internal error",
	503: "Not available",
}

// maxDetail is how many code points of a detail, which may quote what was sent, are told.
const maxDetail = 1_000

func (p *Problem) shortened() string {
	text := strings.ToValidUTF8(p.Detail, "\uFFFD") // an address may hold any bytes
	count := 0
	for index := range text {
		if count == maxDetail {
			return text[:index] + "…"
		}
		count++
	}
	return text
}

// append writes the answer's body.
func (p *Problem) append(to *answer) {
	to.begin()
	to.text("type", "urn:magicflow:problem:"+strings.ToLower(p.Code))
	to.text("title", titles[p.Status])
	to.integer("status", int64(p.Status))
	to.text("code", p.Code)
	to.text("detail", p.shortened())
	if p.HasDetails {
		to.value("details", p.Details)
	}
	if p.Errors != nil {
		to.name("errors")
		to.mistakes(p.Errors)
	}
	to.end()
}

// mistakes are objects of texts whose members stand in the order in which people read
// them.
func (a *answer) mistakes(of any) {
	list, _ := of.([]any)
	a.open('[')
	for _, each := range list {
		a.next()
		a.begin()
		members, _ := each.(map[string]any)
		for _, name := range [...]string{"path", "code", "message"} {
			if text, there := members[name].(string); there {
				a.text(name, text)
			}
		}
		a.end()
	}
	a.close(']')
}
