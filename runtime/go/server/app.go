// Package server is the HTTP API of the engine: the same routes, bodies and statuses as
// the Python server has (docs/runtime.md), and the programs that serve it.
package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/truongtu268/magic-flow/runtime/go/engine"
	"github.com/truongtu268/magic-flow/runtime/go/store"
)

// Server answers requests about an engine: authorization, routing, errors. There is no
// middleware, because what a request costs is what a workflow costs.
type Server struct {
	engine  *engine.Engine
	config  Config
	openapi []byte
	digests [][sha256.Size]byte
	// draining ends when the server does: it is ready until then.
	draining context.Context
	drain    context.CancelFunc
	// claims: human tasks are claimed one after the other.
	claims sync.Mutex
}

// New is a handler for an engine that is open, or will be. openapi is the service's
// description, or nil.
func New(of *engine.Engine, config Config, openapi []byte) *Server {
	made := &Server{engine: of, config: config, openapi: openapi}
	made.draining, made.drain = context.WithCancel(context.Background())
	for _, token := range config.Tokens {
		made.digests = append(made.digests, sha256.Sum256([]byte(token)))
	}
	return made
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(out http.ResponseWriter, given *http.Request) {
	request := &request{Request: given, out: out}
	request.expectBody()
	if err := s.answer(request); err != nil {
		s.sendProblem(request, s.problemOf(err, given.URL.Path))
	}
}

func (s *Server) sendProblem(r *request, problem *Problem) {
	header := r.out.Header()
	for index := 0; index+1 < len(problem.Headers); index += 2 {
		header[problem.Headers[index]] = []string{problem.Headers[index+1]}
	}
	unread := r.ContentLength != 0 && !r.read
	if unread {
		// what follows could be body or request
		header["Connection"] = []string{"close"}
	}
	a := newAnswer()
	defer a.release()
	problem.append(a)
	a.send(r.out, problem.Status, problemType)
	if unread {
		// nobody waits for the rest of it
		_ = http.NewResponseController(r.out).SetReadDeadline(time.Unix(1, 0))
	}
}

func (s *Server) answer(r *request) (err error) {
	defer func() {
		if found := recover(); found != nil && found != http.ErrAbortHandler { //nolint:errorlint // as documented
			err = fmt.Errorf("a panic: %v\n%s", found, debug.Stack())
		}
	}()
	path := r.URL.Path
	if r.authorized = s.isAuthorized(r); !r.authorized && path != "/health" && path != "/ready" {
		return &Problem{
			Status: 401, Code: "UNAUTHORIZED", Detail: "a valid bearer token is required",
			Headers: []string{"Www-Authenticate", `Bearer realm="magic-flow"`},
		}
	}
	for index := range routes {
		route := &routes[index]
		if !route.takes(r.Method) {
			continue
		}
		if parameter, fits := route.match(path); fits {
			r.parameter = parameter
			return route.handle(s, r)
		}
	}
	return noRoute(path)
}

func (s *Server) isAuthorized(r *request) bool {
	if !s.config.Auth {
		return true
	}
	given := r.Header.Get("Authorization")
	if len(given) < 7 || !strings.EqualFold(given[:7], "bearer ") {
		return false
	}
	digest := sha256.Sum256([]byte(strings.TrimSpace(given[7:])))
	found := 0
	for index := range s.digests {
		// every token is compared, so that time tells nothing about which is near
		found |= subtle.ConstantTimeCompare(digest[:], s.digests[index][:])
	}
	return found == 1
}

// noRoute says what an address takes, if it takes anything.
func noRoute(path string) *Problem {
	var allowed []string
	for index := range routes {
		if _, fits := routes[index].match(path); !fits {
			continue
		}
		for _, method := range []string{routes[index].method, http.MethodHead} {
			if routes[index].takes(method) && !slices.Contains(allowed, method) {
				allowed = append(allowed, method)
			}
		}
	}
	if len(allowed) == 0 {
		return notFound("there is nothing at this address")
	}
	slices.Sort(allowed)
	methods := strings.Join(allowed, ", ")
	return &Problem{
		Status: 405, Code: "METHOD_NOT_ALLOWED", Detail: "this takes " + methods, Headers: []string{"Allow", methods},
	}
}

var refusals = map[string]int{"MALFORMED": 400, "UNKNOWN_EVENT": 404, "INTERNAL": 500}

// problemOf is the answer for an error of the engine; what nobody expected is logged.
func (s *Server) problemOf(err error, path string) *Problem {
	var (
		problem     *Problem
		unreadable  *engine.Unreadable
		missing     *engine.NotFound
		refused     *engine.Refused
		stale       *engine.Stale
		overloaded  *engine.Overloaded
		unavailable *engine.Unavailable
		failed      *store.Error
	)
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &unreadable):
		return &Problem{Status: 500, Code: "INTERNAL", Detail: unreadable.Error()}
	case errors.As(err, &missing):
		return notFound(missing.Message)
	case errors.As(err, &refused):
		return problemOfRefusal(refused)
	case errors.As(err, &stale):
		return &Problem{Status: 409, Code: "STALE", Detail: stale.Message}
	case errors.As(err, &overloaded):
		after := fmt.Sprint(overloaded.RetryAfter)
		return &Problem{Status: 429, Code: "OVERLOADED", Detail: overloaded.Message, Headers: []string{"Retry-After", after}}
	case errors.As(err, &unavailable), errors.As(err, &failed), errors.Is(err, context.Canceled):
		// who went away gets no answer, so it does not matter which
		return &Problem{
			Status: 503, Code: "UNAVAILABLE", Headers: []string{"Retry-After", "1"},
			Detail: "the store does not answer; repeat with the same idempotency key",
		}
	}
	slog.Error("a request to "+path+" failed", "error", err.Error())
	return &Problem{Status: 500, Code: "INTERNAL", Detail: "the server could not do this"}
}

func problemOfRefusal(refused *engine.Refused) *Problem {
	switch refused.Code {
	case "VALIDATION":
		return &Problem{Status: 422, Code: "VALIDATION", Detail: refused.Message, Errors: refused.Details}
	case "LIMIT":
		return &Problem{Status: 413, Code: "LIMIT", Detail: refused.Message}
	}
	status, known := refusals[refused.Code]
	if !known {
		status = 409
	}
	return &Problem{Status: status, Code: refused.Code, Detail: refused.Message, Details: refused.Details, HasDetails: true}
}
