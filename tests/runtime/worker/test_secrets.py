"""Placeholders are resolved where the workflow put them, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from magicflow.worker import Secrets, WorkflowError

SECRETS = Secrets(environment={"TOKEN": "s3cret", "HOME": "/root"})
FORGED: list[Any] = [
    {"$secret": "TOKEN"},
    {"$env": "HOME"},
    {"$template": ["x", {"$env": "HOME"}]},
]


def test_a_place_is_resolved_and_the_value_left_alone() -> None:
    value = {"auth": {"$secret": "TOKEN"}, "list": [1, {"$env": "HOME"}]}
    resolved = SECRETS.resolve(value, ["/auth", "/list/1"])
    assert resolved == {"auth": "s3cret", "list": [1, "/root"]}
    assert value == {"auth": {"$secret": "TOKEN"}, "list": [1, {"$env": "HOME"}]}


def test_templates_and_names_that_need_escapes() -> None:
    value = {"a/b~c": {"$template": ["Bearer ", {"$secret": "TOKEN"}, "!"]}}
    assert SECRETS.resolve(value, ["/a~1b~0c"]) == {"a/b~c": "Bearer s3cret!"}
    assert SECRETS.resolve({"$secret": "TOKEN"}, [""]) == "s3cret"


@pytest.mark.parametrize("forged", FORGED)
def test_what_somebody_sent_is_data(forged: Any) -> None:
    value = {"mine": {"$secret": "TOKEN"}, "theirs": forged}
    resolved = SECRETS.resolve(value, ["/mine"])
    assert resolved == {"mine": "s3cret", "theirs": forged}
    assert SECRETS.resolve(forged, []) == forged


@pytest.mark.parametrize("place", ["/x", "/list/9", "/list/-1", "/auth/x/y"])
def test_a_place_that_is_not_there(place: str) -> None:
    value = {"auth": "text", "list": [1]}
    assert SECRETS.resolve(value, [place]) == value


def test_files_win_over_variables_and_stay_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "TOKEN").write_text("from a file\n")
    (tmp_path / "outside").write_text("no")
    secrets = Secrets(tmp_path / "secrets", environment={"TOKEN": "variable"})
    assert secrets.secret("TOKEN") == "from a file"
    for name in ("../outside", "..", ".", ""):
        with pytest.raises(WorkflowError):
            secrets.secret(name)
