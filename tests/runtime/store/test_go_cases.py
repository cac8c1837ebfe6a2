"""The Go stores run the same cases as ours, by name."""

import re
from pathlib import Path

from tests.runtime.store.contract import StoreContract

GO = Path(__file__).parents[3] / "runtime" / "go" / "store" / "contract_test.go"


def test_the_go_stores_keep_the_same_contract() -> None:
    ours = {name[5:] for name in vars(StoreContract) if name.startswith("test_")}
    theirs = set(re.findall(r'^\t"(\w+)": ', GO.read_text("utf-8"), re.MULTILINE))
    assert theirs == ours
