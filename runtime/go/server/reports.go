package server

import (
	"github.com/truongtu268/magic-flow/runtime/go/engine"
)

// entry is one result or heartbeat of a report, and what became of it.
type entry struct {
	id        any // null where the entry has none
	done      *engine.Settled
	err       error
	reason    string
	cancelled bool
}

var reportMembers = map[string]kind{"results": aList, "heartbeats": aList}

// reportTasks takes many results and heartbeats of one worker at once; each has its own
// status.
func reportTasks(s *Server, r *request) error {
	body, err := r.object(s.config.MaxBody*4, false)
	if err != nil {
		return err
	}
	given, err := membersOf(body, reportMembers)
	if err != nil {
		return err
	}
	results := s.reportResults(given["results"])
	for index := range results {
		if each := &results[index]; each.err == nil {
			each.err = each.done.Wait(r.Context())
		}
	}
	a := newAnswer()
	a.begin()
	a.name("results")
	s.appendEntries(a, results, func(*entry) { a.integer("status", 200) })
	a.name("heartbeats")
	s.appendEntries(a, s.reportBeats(given["heartbeats"]), func(each *entry) {
		a.integer("status", 200)
		appendBeat(a, each.reason, each.cancelled)
	})
	a.end()
	return r.send(200, a)
}

func entryOf(given any) (made entry, found token, members map[string]any) {
	members, isObject := given.(map[string]any)
	if isObject {
		made.id = members["id"]
	}
	id, named := made.id.(string)
	if !named {
		made.err = badRequest("each entry must be an object with an `id`")
		return made, found, members
	}
	found, made.err = tokenIn(id, members)
	return made, found, members
}

func (s *Server) reportResults(given any) []entry {
	listed, _ := given.([]any)
	entries := make([]entry, len(listed))
	for index, each := range listed {
		made, found, members := entryOf(each)
		if made.err == nil {
			made.done, made.err = s.engine.Report(found.key, found.attempt, found.delivery, outcomeOf(members))
		}
		entries[index] = made
	}
	return entries
}

func (s *Server) reportBeats(given any) []entry {
	listed, _ := given.([]any)
	entries := make([]entry, len(listed))
	for index, each := range listed {
		made, found, _ := entryOf(each)
		if made.err == nil {
			made.reason, made.cancelled, made.err = s.engine.Heartbeat(found.key, found.attempt, found.delivery)
		}
		entries[index] = made
	}
	return entries
}

func (s *Server) appendEntries(a *answer, entries []entry, fine func(*entry)) {
	a.open('[')
	for index := range entries {
		each := &entries[index]
		a.next()
		a.begin()
		a.value("id", each.id)
		if each.err == nil {
			fine(each)
		} else {
			problem := s.problemOf(each.err, "/api/v2/tasks/report")
			a.integer("status", int64(problem.Status))
			a.text("code", problem.Code)
			a.text("detail", problem.shortened())
		}
		a.end()
	}
	a.close(']')
}
