package core

// Error is an error as a value: {code, message, step, attempt, retryable, details?,
// retry_after?, cause?, suppressed?}. `step` and `attempt` are null where there is none.
// Nothing changes one after it was made.
type Error = map[string]any

// Step is an occurrence of a step that was entered.
type Step struct {
	N            int64 // the order in which occurrences were entered
	Step, Path   string
	Status       string
	Attempts     int64
	StartedAt    int64
	EndedAt      int64 // with HasEnded
	Input        any   // with HasInput
	Output       any   // with HasOutput
	Error        Error
	Block        string // "" is the root block
	Request      map[string]any
	Undo         int64 // dispatch number, 0 is none
	HasEnded     bool
	HasInput     bool
	HasOutput    bool
	FallbackUsed bool
	Ignored      bool
}

// AppendJSON writes the row as canonical JSON.
func (s *Step) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.integer("attempts", s.Attempts)
	o.someText("block", s.Block)
	if s.HasEnded {
		o.integer("ended_at", s.EndedAt)
	}
	o.members("error", s.Error)
	o.flag("fallback_used", s.FallbackUsed)
	o.flag("ignored", s.Ignored)
	if s.HasInput {
		o.value("input", s.Input)
	}
	o.integer("n", s.N)
	if s.HasOutput {
		o.value("output", s.Output)
	}
	o.text("path", s.Path)
	o.members("request", s.Request)
	o.integer("started_at", s.StartedAt)
	o.text("status", s.Status)
	o.text("step", s.Step)
	o.some("undo", s.Undo)
	return o.close()
}

func stepOf(row map[string]any) *Step {
	s := &Step{
		N: asInteger(row["n"]), Step: asText(row["step"]), Path: asText(row["path"]), Status: asText(row["status"]),
		Attempts: asInteger(row["attempts"]), StartedAt: asInteger(row["started_at"]), EndedAt: asInteger(row["ended_at"]),
		Input: row["input"], Output: row["output"], Error: asMembers(row["error"]), Block: asText(row["block"]),
		Request: asMembers(row["request"]), Undo: asInteger(row["undo"]),
	}
	_, s.HasEnded = row["ended_at"]
	_, s.HasInput = row["input"]
	_, s.HasOutput = row["output"]
	s.FallbackUsed, _ = row["fallback_used"].(bool)
	s.Ignored, _ = row["ignored"].(bool)
	return s
}

// Visit is the latest of several occurrences of a step: its number, and how often the
// step was entered in the same block.
type Visit struct {
	Visit, Entered int64
	Block          string
}

// AppendJSON writes the row as canonical JSON.
func (v *Visit) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("block", v.Block)
	o.integer("entered", v.Entered)
	o.integer("visit", v.Visit)
	return o.close()
}

func visitOf(row map[string]any) *Visit {
	return &Visit{asInteger(row["visit"]), asInteger(row["entered"]), asText(row["block"])}
}

// Undo is registered compensation. Outcome is open, completed, unknown or failed; State
// is done or failed once it ran.
type Undo struct {
	N                  int64
	Path, Node, On     string
	Outcome, State     string
	Scope              string
	Locals, Indexes    map[string]any // of the loops around, with Scope
	Index              any
	Input              any
	HasIndex, HasInput bool
	Error              Error
}

// AppendJSON writes the row as canonical JSON.
func (u *Undo) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.members("error", u.Error)
	if u.HasIndex {
		o.value("index", u.Index)
	}
	o.members("indexes", u.Indexes)
	if u.HasInput {
		o.value("input", u.Input)
	}
	o.members("locals", u.Locals)
	o.integer("n", u.N)
	o.text("node", u.Node)
	o.text("on", u.On)
	o.text("outcome", u.Outcome)
	o.text("path", u.Path)
	o.someText("scope", u.Scope)
	o.someText("state", u.State)
	return o.close()
}

func undoOf(row map[string]any) *Undo {
	u := &Undo{
		N: asInteger(row["n"]), Path: asText(row["path"]), Node: asText(row["node"]), On: asText(row["on"]),
		Outcome: asText(row["outcome"]), State: asText(row["state"]), Scope: asText(row["scope"]),
		Locals: asMembers(row["locals"]), Indexes: asMembers(row["indexes"]), Index: row["index"], Input: row["input"],
		Error: asMembers(row["error"]),
	}
	_, u.HasIndex = row["index"]
	_, u.HasInput = row["input"]
	return u
}

// Received is an event for the run: one that nobody has listened to yet, or with Taken
// the path of the listener that took it.
type Received struct {
	EventID, Event string
	Data           any
	ExpiresAt      *int64
	Taken          string
	IsTaken        bool
}

// AppendJSON writes the row as canonical JSON.
func (r *Received) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if r.IsTaken {
		o.text("event_id", r.EventID)
		o.text("taken", r.Taken)
		return o.close()
	}
	o.value("data", r.Data)
	o.text("event", r.Event)
	o.text("event_id", r.EventID)
	o.optional("expires_at", r.ExpiresAt)
	return o.close()
}

func receivedOf(row map[string]any) *Received {
	r := &Received{EventID: asText(row["event_id"]), Event: asText(row["event"]), Data: row["data"], Taken: asText(row["taken"])}
	_, r.IsTaken = row["taken"]
	if _, there := row["expires_at"]; there {
		at := asInteger(row["expires_at"])
		r.ExpiresAt = &at
	}
	return r
}

// Start is what a run was started with; it is written once.
type Start struct {
	Input    any
	Metadata map[string]any
	PlanHash string
	RetryOf  string
	IsRetry  bool
}

// AppendJSON writes the row as canonical JSON; that of a run that has not started is {}.
func (s *Start) AppendJSON(out []byte) []byte {
	o := object{out: out}
	if s.Metadata == nil {
		return o.close()
	}
	o.value("input", s.Input)
	o.value("metadata", s.Metadata)
	o.text("plan_hash", s.PlanHash)
	if s.IsRetry {
		o.text("retry_of", s.RetryOf)
	}
	return o.close()
}

func startOf(row map[string]any) *Start {
	s := &Start{
		Input: row["input"], Metadata: asMembers(row["metadata"]), PlanHash: asText(row["plan_hash"]),
		RetryOf: asText(row["retry_of"]),
	}
	_, s.IsRetry = row["retry_of"]
	return s
}
