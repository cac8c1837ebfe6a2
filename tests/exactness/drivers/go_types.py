"""Generated Go: the codecs of all types of a corpus, in one program."""

from __future__ import annotations

from pathlib import Path

from magicflow_cli.generate.lower.go import LANGUAGE
from magicflow_cli.generate.lower.go.names import RUNTIME, Scope
from magicflow_cli.generate.lower.go.references import References
from magicflow_cli.generate.lower.go.sinks import string_literal
from magicflow_cli.generate.lower.go.types import lower_declarations, types_views
from magicflow_cli.generate.model import Untrusted
from magicflow_cli.generate.render.environment import render
from tests.exactness.compiling import CompiledCorpus
from tests.exactness.drivers.go_program import build, need_go

_MAIN = """\
package main

import (
	"bufio"
	"encoding/json"
	"os"

	mf "github.com/truongtu268/magic-flow/runtime/go/types"
)

type answer struct {
	Valid bool   `json:"valid"`
	JSON  string `json:"json,omitempty"`
	Code  string `json:"code,omitempty"`
}

func give[T any](of *mf.Codec[T]) func([]byte) answer {
	return func(text []byte) answer {
		value, err := of.Decode(text)
		if err != nil {
			return answer{Code: mf.Problems(err)[0].Code}
		}
		written, err := of.Encode(value)
		if err != nil {
			panic(err)
		}
		return answer{Valid: true, JSON: string(written)}
	}
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\\n')
		if err != nil {
			return
		}
		var request struct {
			Root string          `json:"root"`
			JSON json.RawMessage `json:"json"`
		}
		if err := json.Unmarshal(line, &request); err != nil {
			panic(err)
		}
		data, _ := json.Marshal(roots[request.Root](text(request.JSON)))
		out.Write(append(data, '\\n'))
		out.Flush()
	}
}

// text is the instance; half of a surrogate pair in it is no UTF-8, as in a file.
func text(quoted []byte) []byte {
	var found string
	if err := json.Unmarshal(quoted, &found); err != nil {
		panic(err)
	}
	return []byte(found)
}
"""


def prepare(corpus: CompiledCorpus, folder: Path) -> list[str]:
    """Generates, builds and returns the command of the driver."""
    need_go()
    references = References(corpus.types)
    scope = Scope(corpus.types)
    declarations = lower_declarations(corpus.types, corpus.field_order, scope)
    for view in types_views("main", Untrusted("corpus"), declarations):
        name = view.path.rpartition("/")[2]
        (folder / name).write_text(render(LANGUAGE, view), encoding="utf-8")
    roots = "".join(
        f"\t{string_literal(id)}: give({references.of(ref).codec}),\n"
        for id, ref in corpus.roots.items()
    )
    table = (
        f'package main\n\nimport mf "{RUNTIME}/types"\n\n'
        f"var roots = map[string]func([]byte) answer{{\n{roots}}}\n"
    )
    (folder / "roots.go").write_text(table, encoding="utf-8")
    return [build(folder, _MAIN, "the generated Go")]
