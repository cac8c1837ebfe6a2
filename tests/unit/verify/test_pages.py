"""The pages of what `verify` finds: the first example brings the finding forth exactly
as the page shows it, the second does not. `--update-golden` rewrites the `text` block.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.cli.verify_report import Verified, diagnostics_of
from magicflow_cli.compile import compile_workflow
from magicflow_cli.diagnostics.codes import CODES as ALL
from magicflow_cli.diagnostics.render import full
from magicflow_cli.plan import to_json
from magicflow_cli.verify.explore import DEFAULT_BOUND
from magicflow_cli.verify.verification import verify

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
CODES = sorted(code for code in ALL if code.startswith("MF57"))
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BOUND = re.compile(r"--bound (\d+)")


def diagnose(text: str, code: str, bound: int) -> str:
    """What `verify` says of one code about a file with this text."""
    Path("workflow.yaml").write_text(text, encoding="utf-8")
    built = build(select([Path("workflow.yaml")]))
    assert not built.has_errors
    (checked,) = built.workflows
    compiled = compile_workflow(checked)
    found = Verified(checked, compiled, verify(to_json(compiled.plan), bound=bound))
    every = diagnostics_of([found], built.sources, False)
    mine = [diagnostic for diagnostic in every if diagnostic.code == code]
    rendered: str = full.render(mine, built.sources, color=False, width=88)
    return rendered.strip("\n")


@pytest.mark.parametrize("code", CODES)
def test_page(
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGES / f"{code}.md"
    text = page.read_text(encoding="utf-8")
    wrong, mended = _YAML.findall(text)
    bound = _BOUND.search(text)
    shown = diagnose(wrong, code, int(bound[1]) if bound else DEFAULT_BOUND)
    assert shown, f"the example of {page.name} does not bring {code} forth"
    if request.config.getoption("--update-golden"):
        page.write_text(
            _TEXT.sub(lambda _: f"```text\n{shown}\n```", text, count=1),
            encoding="utf-8",
        )
    else:
        expected = _TEXT.search(text)
        assert expected is not None
        assert shown == expected.group(1).strip("\n")
    assert diagnose(mended, code, DEFAULT_BOUND) == "", "the mended one still has it"
