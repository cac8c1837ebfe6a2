package core

import "github.com/truongtu268/magic-flow/runtime/go/canonical"

// Refusal is why an event is not applied. Code is one of those of docs/core.md; Details
// of a VALIDATION are its problems.
type Refusal struct {
	Code, Message string
	Details       any
}

func (r *Refusal) Error() string { return r.Message }

// AppendJSON writes {code, message, details?} as canonical JSON.
func (r *Refusal) AppendJSON(out []byte) []byte {
	o := object{out: out}
	o.text("code", r.Code)
	if r.Details != nil {
		o.value("details", r.Details)
	}
	o.key("message")
	o.out = canonical.AppendQuoted(o.out, r.Message)
	return o.close()
}

func refuse(code, message string) *Refusal { return &Refusal{Code: code, Message: message} }

// told is a refusal out of an error that a value gave.
func told(err Error) *Refusal {
	return &Refusal{Code: asText(err["code"]), Message: asText(err["message"]), Details: err["details"]}
}
