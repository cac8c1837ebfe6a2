package core

import (
	"slices"
	"strconv"
	"strings"

	"github.com/truongtu268/magic-flow/runtime/go/plan"
)

// ResumePoint is the member Resume of the run_started that retries this run; nil when the
// run has not failed, or not at a step.
//
// The results of completed steps are kept, and the run begins at the failed step of the
// root block. What compensation has undone does not stand any more: with it, the run
// begins at the first step that was undone.
func ResumePoint(plan *Plan, state *State) *Resume {
	block := plan.Root.Seq
	if state.Run.Status != statusFailed || state.Run.FailedAt == "" || block == nil {
		return nil
	}
	if block.IsDAG {
		return resumeDAG(block, state)
	}
	var first, failed *Step
	undone := false
	for _, row := range state.Steps {
		if row.Status == statusCompensated {
			undone = true
			first = earlier(first, topOf(state, row))
		}
		if row.Step == state.Run.FailedAt {
			first = earlier(first, row)
			if failed == nil || row.N > failed.N {
				failed = row
			}
		}
	}
	if failed == nil {
		return nil
	}
	if !undone {
		first = failed
	}
	resume := &Resume{Start: first.Step}
	resume.keep(state, func(row *Step) bool { return topOf(state, row).N < first.N })
	return resume
}

func earlier(a, b *Step) *Step {
	if a == nil || b.N < a.N {
		return b
	}
	return a
}

// resumeDAG: a node of a DAG stands when it ended well, nothing in it was undone, and all
// that it waited for stands.
func resumeDAG(block *plan.Seq, state *State) *Resume {
	undone, ended := map[string]bool{}, map[string]bool{}
	for _, row := range state.Steps {
		if row.Status == statusCompensated {
			undone[topOf(state, row).Step] = true
		}
	}
	for _, row := range state.Steps {
		if row.Block == "" && stands(row) && !undone[row.Step] {
			ended[row.Step] = true
		}
	}
	known := map[string]bool{}
	var check func(name string) bool
	check = func(name string) bool {
		if is, seen := known[name]; seen {
			return is
		}
		is := ended[name]
		for _, need := range block.Deps[name] {
			is = is && check(need)
		}
		known[name] = is
		return is
	}
	resume, done := &Resume{isDAG: true, Done: []string{}}, map[string]bool{}
	for _, node := range block.Nodes {
		if _, waits := block.Deps[node.ID]; waits && check(node.ID) {
			resume.Done = append(resume.Done, node.ID)
			done[node.ID] = true
		}
	}
	resume.keep(state, func(row *Step) bool { return done[topOf(state, row).Step] })
	return resume
}

func stands(row *Step) bool {
	return row.Status == statusCompleted || row.Status == statusSkipped || row.Ignored
}

// topOf is the occurrence in the root block that a step's occurrence stands in.
func topOf(state *State, row *Step) *Step {
	for row.Block != "" {
		path, _, _ := strings.Cut(row.Block, "/")
		path, _, _ = strings.Cut(path, "[")
		above := state.Steps[path]
		if above == nil {
			return row
		}
		row = above
	}
	return row
}

// keep takes over occurrences that stand and the latest visits among them.
func (r *Resume) keep(state *State, which func(row *Step) bool) {
	var kept []*Step
	for _, row := range state.Steps {
		if stands(row) && which(row) {
			kept = append(kept, row)
		}
	}
	slices.SortFunc(kept, func(a, b *Step) int { return int(a.N - b.N) })
	r.Steps, r.Visits = make(map[string]*Step, len(kept)), map[string]*Visit{}
	for _, row := range kept {
		at := strings.LastIndexByte(row.Path, '~')
		if visit, err := strconv.ParseInt(row.Path[at+1:], 10, 64); at > 0 && err == nil && visit >= 0 {
			block := row.Block
			if block == "" {
				block = root
			}
			r.Visits[row.Path[:at]] = &Visit{Visit: visit, Entered: visit, Block: block}
		}
		without := *row
		without.Undo = 0
		r.Steps[row.Path] = &without
	}
}
