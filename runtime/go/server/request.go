package server

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// request is one request. parameter is the variable part of its path.
type request struct {
	*http.Request
	out        http.ResponseWriter
	parameter  string
	authorized bool
	read       bool // the body was read to its end
	query      map[string]string
}

// send gives a JSON answer and lets go of its buffer.
func (r *request) send(status int, a *answer) error {
	defer a.release()
	if a.err != nil {
		return a.err
	}
	a.send(r.out, status, jsonType)
	return nil
}

const maxQueryFields = 100

// parameters are the last values of each query parameter.
func (r *request) parameters() (map[string]string, error) {
	if r.query != nil {
		return r.query, nil
	}
	found := map[string]string{}
	text := r.URL.RawQuery
	if strings.Count(text, "&") >= maxQueryFields {
		return nil, badRequest("the query is malformed")
	}
	for part := range strings.SplitSeq(text, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			found[unescape(name)] = unescape(value)
		}
	}
	r.query = found
	return found, nil
}

// unescape reads a part of a query; what is no escape stands for itself.
func unescape(text string) string {
	if !strings.ContainsAny(text, "+%") {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	var out strings.Builder
	for at := 0; at < len(text); at++ {
		switch {
		case text[at] == '+':
			out.WriteByte(' ')
			continue
		case text[at] == '%' && at+2 < len(text):
			if code, err := strconv.ParseUint(text[at+1:at+3], 16, 8); err == nil {
				out.WriteByte(byte(code))
				at += 2
				continue
			}
		}
		out.WriteByte(text[at])
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

// header is the first header of a name; its bytes are Latin-1.
func (r *request) header(name string) string {
	values := r.Header[name]
	if len(values) == 0 {
		return ""
	}
	if text := values[0]; !isASCII(text) {
		letters := make([]rune, len(text))
		for at := range len(text) {
			letters[at] = rune(text[at])
		}
		return string(letters)
	}
	return values[0]
}

func isASCII(text string) bool {
	for at := range len(text) {
		if text[at] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

var bodies = sync.Pool{New: func() any { return new([]byte) }}

// expectBody begins to wait for the body, if there is one.
func (r *request) expectBody() {
	if r.ContentLength != 0 {
		// a connection without deadlines is one of a test
		_ = http.NewResponseController(r.out).SetReadDeadline(time.Now().Add(bodyPatience))
	}
}

// withBody reads the whole body, which is the caller's until it returns.
func (r *request) withBody(limit int, use func(body []byte) error) error {
	if r.ContentLength > int64(limit) {
		return tooLarge(limit)
	}
	kept, _ := bodies.Get().(*[]byte)
	body, err := readBody((*kept)[:0], r.Body, int(r.ContentLength), limit)
	defer func() {
		if cap(body) <= keptBuffer {
			*kept = body
			bodies.Put(kept)
		}
	}()
	switch {
	case len(body) > limit:
		return tooLarge(limit)
	case err != nil:
		return badRequest("the body is incomplete")
	}
	r.read = true
	if r.ContentLength != 0 {
		// from here on a read only tells that the client has gone
		_ = http.NewResponseController(r.out).SetReadDeadline(time.Time{})
	}
	return use(body)
}

// readBody reads one byte beyond the limit at most.
func readBody(body []byte, from io.Reader, length, limit int) ([]byte, error) {
	if length >= 0 {
		body = slices.Grow(body, length+1)
	}
	for {
		if len(body) == cap(body) {
			body = slices.Grow(body, 512)
		}
		room := body[len(body):min(cap(body), limit+1)]
		count, err := from.Read(room)
		body = body[:len(body)+count]
		switch {
		case err == io.EOF:
			return body, nil
		case err != nil || len(body) > limit:
			return body, err
		}
	}
}

// object is the body as a JSON object.
func (r *request) object(limit int, optional bool) (map[string]any, error) {
	var members map[string]any
	err := r.withBody(limit, func(body []byte) error {
		if optional && len(body) == 0 {
			return nil
		}
		value, err := types.DecodeValue(body, 1)
		if err != nil {
			return &Problem{Status: 400, Code: types.Problems(err)[0].Code, Detail: err.Error()}
		}
		var isObject bool
		if members, isObject = value.(map[string]any); !isObject {
			return badRequest("the body is no JSON object")
		}
		return nil
	})
	return members, err
}

// kind is a set of JSON types that a member may have, and their names; without types any
// value fits.
type kind struct {
	texts, integers, numbers, objects, lists bool
	words                                    string
}

var (
	anything       = kind{}
	aText          = kind{texts: true, words: "a string"}
	anInteger      = kind{integers: true, words: "an integer"}
	anObject       = kind{objects: true, words: "an object"}
	aList          = kind{lists: true, words: "a list"}
	integerOrText  = kind{integers: true, texts: true, words: "an integer or a string"}
	durationMember = kind{texts: true, numbers: true, words: "a string or an integer or a number"}
)

func (k kind) fits(value any) bool {
	switch of := value.(type) {
	case string:
		return k.texts
	case float64:
		return k.numbers || (k.integers && of == float64(int64(of)))
	case map[string]any:
		return k.objects
	case []any:
		return k.lists
	}
	return false
}

// membersOf checks the members of a body by name and JSON type; null counts as absent.
// The error is a 400 problem that lists every unknown member and wrong type.
func membersOf(body map[string]any, known map[string]kind) (map[string]any, error) {
	var wrong []string
	for name, value := range body {
		wanted, is := known[name]
		switch {
		case !is:
			wrong = append(wrong, name)
		case value == nil:
			delete(body, name)
		case wanted.words != "" && !wanted.fits(value):
			wrong = append(wrong, name)
		}
	}
	if len(wrong) == 0 {
		return body, nil
	}
	slices.Sort(wrong)
	errors := make([]any, len(wrong))
	for index, name := range wrong {
		message := "the member is unknown"
		if wanted, is := known[name]; is {
			message = "must be " + wanted.words
		}
		errors[index] = map[string]any{"path": "/" + name, "message": message}
	}
	return nil, &Problem{Status: 400, Code: "BAD_REQUEST", Detail: "the request is malformed", Errors: errors}
}

// textIn is a member that is a text or absent.
func textIn(members map[string]any, name string) string {
	text, _ := members[name].(string)
	return text
}

// integerIn is a member that is an integer, or what stands for an absent one.
func integerIn(members map[string]any, name string, absent int64) int64 {
	if value, is := members[name].(float64); is {
		return int64(value)
	}
	return absent
}
