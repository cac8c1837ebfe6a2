"""The contract's cases: each says what it proves, and the Go stores run the same."""

import re
from pathlib import Path

from tests.runtime.store import contract

GO = Path(__file__).parents[3] / "runtime" / "go" / "store" / "contract_test.go"


def cases() -> set[str]:
    members = vars(contract.StoreContract)
    return {name[5:] for name in members if name.startswith("test_")}


def test_the_list_says_what_each_case_proves() -> None:
    listed = re.findall(r"^\| (\w+) \| .{20,} \|$", contract.__doc__ or "", re.M)
    assert len(listed) == len(set(listed))
    assert set(listed) == cases()


def test_the_go_stores_keep_the_same_contract() -> None:
    theirs = set(re.findall(r'^\t"(\w+)": ', GO.read_text("utf-8"), re.MULTILINE))
    assert theirs == cases()
