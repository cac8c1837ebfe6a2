package server

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// answer is a JSON body that is being written. It goes out in one piece, with its
// length; buffers are used again.
type answer struct {
	out   []byte
	first bool // nothing stands in the open object or list yet
	err   error
}

const keptBuffer = 64 << 10

var answers = sync.Pool{New: func() any { return &answer{out: make([]byte, 0, 1024)} }}

func newAnswer() *answer {
	made, _ := answers.Get().(*answer)
	made.out, made.first, made.err = made.out[:0], true, nil
	return made
}

func (a *answer) release() {
	if cap(a.out) <= keptBuffer {
		answers.Put(a)
	}
}

func (a *answer) begin() { a.open('{') }
func (a *answer) end()   { a.close('}') }

func (a *answer) open(bracket byte) {
	a.out = append(a.out, bracket)
	a.first = true
}

func (a *answer) close(bracket byte) {
	a.out = append(a.out, bracket)
	a.first = false
}

// next goes on in a list.
func (a *answer) next() {
	if !a.first {
		a.out = append(a.out, ',')
	}
	a.first = false
}

// name begins a member; a value has to follow. Names are our own and need no escapes.
func (a *answer) name(of string) {
	a.next()
	a.out = append(append(append(a.out, '"'), of...), '"', ':')
}

func (a *answer) text(name, of string) {
	a.name(name)
	a.string(of)
}

func (a *answer) string(of string) {
	var err error
	if a.out, err = types.AppendText(a.out, of); err != nil {
		a.err = err
		a.out = append(a.out, `""`...)
	}
}

// textOrNull writes null for an empty text.
func (a *answer) textOrNull(name, of string) {
	if of == "" {
		a.raw(name, "null")
	} else {
		a.text(name, of)
	}
}

func (a *answer) integer(name string, of int64) {
	a.name(name)
	a.out = strconv.AppendInt(a.out, of, 10)
}

func (a *answer) bool(name string, of bool) {
	a.name(name)
	a.out = strconv.AppendBool(a.out, of)
}

func (a *answer) number(name string, of float64) { a.value(name, of) }

func (a *answer) value(name string, of any) {
	a.name(name)
	a.item(of)
}

// item writes any value where one may stand.
func (a *answer) item(of any) {
	var err error
	if a.out, err = types.AppendValue(a.out, of); err != nil {
		a.err = err
		a.out = append(a.out, "null"...)
	}
	a.first = false
}

// raw writes a JSON text as a member.
func (a *answer) raw(name, json string) {
	a.name(name)
	a.out = append(a.out, json...)
}

func (a *answer) time(name string, milliseconds int64) {
	a.name(name)
	a.out = append(appendTime(append(a.out, '"'), milliseconds), '"')
}

// appendTime writes RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.000Z.
func appendTime(out []byte, milliseconds int64) []byte {
	return time.UnixMilli(milliseconds).UTC().AppendFormat(out, "2006-01-02T15:04:05.000Z")
}

func formatTime(milliseconds int64) string { return string(appendTime(nil, milliseconds)) }

var (
	jsonType    = []string{"application/json"}
	problemType = []string{"application/problem+json"}
)

// send gives the answer to the client.
func (a *answer) send(out http.ResponseWriter, status int, kind []string) {
	header := out.Header()
	header["Content-Type"] = kind
	header["Content-Length"] = []string{strconv.Itoa(len(a.out))}
	header["Date"] = nil
	out.WriteHeader(status)
	// whoever asked is gone when this fails
	_, _ = out.Write(a.out)
}
