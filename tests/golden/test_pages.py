"""Every diagnostic's page is a golden: its first example brings the diagnostic forth
exactly as the page shows it, its second does not.

`--update-golden` rewrites the `text` block of a page from what comes out.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.diagnostics.finish import VERIFIED
from magicflow_cli.diagnostics.render import full

PAGES = Path(__file__).parents[2] / "docs" / "diagnostics"
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _pages_with_examples() -> list[Path]:
    """Pages of codes that one file can bring forth; those of the project file, of the
    command line and of `verify` are shown by tests of their own."""
    return [
        page
        for page in sorted(PAGES.glob("MF*.md"))
        if len(_examples(page)) == 2
        and not _examples(page)[0].startswith("# magic-flow.yaml")
        and not page.stem.startswith(VERIFIED)
    ]


def _file(page: Path) -> Path:
    """The file that a page's diagnostic points at."""
    shown = _TEXT.search(page.read_text(encoding="utf-8"))
    found = re.search(r"--> (\S+?):\d", shown.group(1)) if shown else None
    return Path(found[1] if found else "workflow.yaml")


def _examples(page: Path) -> list[str]:
    return _YAML.findall(page.read_text(encoding="utf-8"))


def _diagnose(text: str, code: str, file: Path) -> str:
    """What `validate` says of one code about a file with this text."""
    file.write_text(text, encoding="utf-8")
    built = build(select([file]))
    found = [d for d in built.diagnostics if d.code == code]
    rendered: str = full.render(found, built.sources, color=False, width=88)
    return rendered


@pytest.mark.parametrize("page", _pages_with_examples(), ids=lambda page: page.stem)
def test_page(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong, mended = _examples(page)
    file = _file(page)
    shown = _diagnose(wrong, page.stem, file).strip("\n")
    assert shown, f"the example of {page.name} does not bring {page.stem} forth"
    text = page.read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        print(shown)
        page.write_text(
            _TEXT.sub(lambda _: f"```text\n{shown}\n```", text, count=1),
            encoding="utf-8",
        )
    else:
        expected = _TEXT.search(text)
        assert expected is not None, f"{page.name} does not show its diagnostic"
        assert shown == expected.group(1).strip("\n")
    assert _diagnose(mended, page.stem, file) == "", "the mended example still has it"
