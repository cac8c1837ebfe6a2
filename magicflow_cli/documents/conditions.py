"""Keys that depend on another key's value: `if` and `then` in a schema's `allOf`.

Two forms are used, and no others: a key that a value needs (`type: goto` needs `step`),
and a key that makes sense with certain values only (`steps` with `type: compensate`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from magicflow_cli.documents.variants import View


class Condition(NamedTuple):
    """`needs`: where `key` is one of `values`, `other` is there. Otherwise: where
    `other` is there, `key` is absent or one of `values`."""

    needs: bool
    key: str
    values: tuple[object, ...]
    other: str

    def holds(self, view: View) -> bool:
        if self.needs:
            met = self.key in view and view.text(self.key) in self.values
            return not met or self.other in view
        if self.other not in view or self.key not in view:
            return True
        return view.text(self.key) in self.values


def condition_of(schema: dict[str, Any]) -> Condition:
    """The condition that `schema` writes. ValueError for any other form."""
    when, then = schema.get("if", {}), schema.get("then", {})
    required, tests = when.get("required", []), when.get("properties", {})
    if tests and list(tests) == required and list(then) == ["required"]:
        (key,), (other,) = required, then["required"]
        return Condition(True, key, (tests[key]["const"],), other)
    if not tests and len(required) == 1 and list(then) == ["properties"]:
        ((key, test),) = then["properties"].items()
        return Condition(False, key, tuple(test["enum"]), required[0])
    raise ValueError(f"the binder does not know the condition {schema}")
