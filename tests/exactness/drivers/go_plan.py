"""Plan-driven validation in Go: the validators that the Go runtime compiles."""

from __future__ import annotations

import json
from pathlib import Path

from magicflow_cli.plan import to_json
from tests.exactness.compiling import CompiledCorpus
from tests.exactness.drivers.go_program import build, need_go

_MAIN = """\
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"github.com/truongtu268/magic-flow/runtime/go/types"
)

type answer struct {
	Valid    bool            `json:"valid"`
	JSON     string          `json:"json,omitempty"`
	Filled   string          `json:"filled,omitempty"`
	Code     string          `json:"code,omitempty"`
	Problems []types.Problem `json:"problems,omitempty"`
}

func judge(set *types.TypeSet, root types.TypeRef, text []byte) answer {
	validator, err := set.Compile(root)
	if err != nil {
		panic(err)
	}
	value, err := types.DecodeValue(text, 0)
	if err != nil {
		return answer{Code: types.Problems(err)[0].Code}
	}
	problems := validator.Check(value)
	if fits := validator.Accepts(value); fits != (len(problems) == 0) {
		panic("two verdicts")
	}
	if len(problems) > 0 {
		return answer{Code: problems[0].Code, Problems: problems}
	}
	return answer{Valid: true, JSON: write(value), Filled: write(set.ApplyDefaults(root, value))}
}

func write(value any) string {
	text, err := types.AppendValue(nil, value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func main() {
	file, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var corpus struct {
		Types map[string]json.RawMessage `json:"types"`
		Roots map[string]types.TypeRef   `json:"roots"`
	}
	if err := json.Unmarshal(file, &corpus); err != nil {
		panic(err)
	}
	set, err := types.NewTypeSet(corpus.Types)
	if err != nil {
		panic(err)
	}
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\\n')
		if err != nil {
			return
		}
		var request struct {
			Root string `json:"root"`
			JSON string `json:"json"`
		}
		if err := json.Unmarshal(line, &request); err != nil {
			panic(err)
		}
		data, err := json.Marshal(judge(set, corpus.Roots[request.Root], []byte(request.JSON)))
		if err != nil {
			panic(err)
		}
		out.Write(append(data, '\\n'))
		out.Flush()
	}
}
"""


def prepare(corpus: CompiledCorpus, folder: Path) -> list[str]:
    """Writes the types, builds the program and returns its command."""
    need_go()
    roots = {id: to_json(ref) for id, ref in corpus.roots.items()}
    data = {"types": corpus.types_json(), "roots": roots}
    (folder / "types.json").write_text(json.dumps(data), encoding="utf-8")
    program = build(folder, _MAIN, "the Go driver")
    return [program, str(folder / "types.json")]
