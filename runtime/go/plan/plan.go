// Package plan reads compiled workflows: plan.json, the contract between the compiler
// and every runtime.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/truongtu268/magic-flow/runtime/go/canonical"
	"github.com/truongtu268/magic-flow/runtime/go/expr"
	"github.com/truongtu268/magic-flow/runtime/go/types"
)

// Version is the newest plan_version that this package reads.
const Version = 1

// Plan is a compiled workflow. Nodes and types stay JSON texts until a core reads them.
type Plan struct {
	Version   int                        `json:"plan_version"`
	Hash      string                     `json:"hash"`
	Workflow  Workflow                   `json:"workflow"`
	Input     TypeRef                    `json:"input"`
	Output    Output                     `json:"output"`
	Root      string                     `json:"root"`
	Nodes     map[string]json.RawMessage `json:"nodes"`
	Steps     map[string]Step            `json:"steps"`
	Functions map[string]Function        `json:"functions"`
	Types     map[string]json.RawMessage `json:"types"`
}

// Workflow is what a plan is the plan of.
type Workflow struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// TypeRef names a type.
type TypeRef = types.TypeRef

// Output is the type of a run's output, and the expression that makes it.
type Output struct {
	Type  TypeRef   `json:"type"`
	Value expr.Expr `json:"value"`
}

// Step is a step of the workflow; Function is a key of Plan.Functions.
type Step struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Node     string `json:"node"`
	Function string `json:"function"`
}

// Function is a function of an executor, with its types and the steps that call it.
type Function struct {
	Executor string   `json:"executor"`
	Function string   `json:"function"`
	Input    TypeRef  `json:"input"`
	Output   TypeRef  `json:"output"`
	Steps    []string `json:"steps"`
}

// unhashed is what the hash ignores.
var unhashed = []string{"hash", "presentation"}

// Load reads a plan and checks that it is whole: its version, and its hash.
func Load(data []byte) (*Plan, error) {
	value, err := types.DecodeAny(data)
	if err != nil {
		return nil, fmt.Errorf("the plan is no JSON: %w", err)
	}
	members, is := value.(map[string]any)
	if !is {
		return nil, errors.New("the plan is no object")
	}
	var plan Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("the plan is not of its schema: %w", err)
	}
	if plan.Version < 1 || plan.Version > Version {
		return nil, fmt.Errorf("the plan has version %d, this runtime reads up to %d", plan.Version, Version)
	}
	for _, name := range unhashed {
		delete(members, name)
	}
	text, err := canonical.Text(members)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) != plan.Hash {
		return nil, errors.New("the plan was changed: its hash is another")
	}
	return &plan, nil
}
