"""Why a document does not fit its schema: jsonschema's errors as diagnostics.

Only what does not fit comes here. jsonschema is told to follow the one alternative that
a value means to be (`variants`), so that one mistake gives one diagnostic; everything
it needs is in the schema, and nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeAlias, cast

import jsonschema
from jsonschema.exceptions import ValidationError

from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Report
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.documents.bind import EXTENSION, Binder, pattern
from magicflow_cli.documents.conditions import condition_of
from magicflow_cli.documents.messages import Found, add
from magicflow_cli.documents.variants import kinds, tags, variant_of
from magicflow_cli.load.nodes import Mapping, Node, Sequence

Errors: TypeAlias = Iterator[ValidationError]
Schema: TypeAlias = dict[str, Any]
MOST = 100  # diagnostics of one document
Validator: TypeAlias = Any  # jsonschema's classes are made at run time


def explain(binder: Binder, root: Mapping, report: Report) -> None:
    """Add a diagnostic for everything in `root` that does not fit, in document order;
    after `MOST` of them the rest is left out."""
    shape = binder.shape
    nodes: dict[int, Node] = {}
    validator = _validator(binder, nodes)
    found = [
        Found(
            rule=cast(str, error.validator),
            path=tuple(error.absolute_path),
            schema=cast(Schema, error.schema),
            expected=error.validator_value,
            instance=error.instance,
        )
        for error in islice(validator.iter_errors(_plain(root, nodes)), MOST + 1)
    ]
    before = len(report.diagnostics)
    misspelt = _misspelt(found[:MOST])
    for each in found[:MOST]:
        if each.rule != "required" or each.path not in misspelt:
            add(each, shape, root, report)
    report.diagnostics[before:] = sorted(
        report.diagnostics[before:],
        key=lambda d: (d.span.line, d.span.col) if d.span else (0, 0),
    )
    if len(found) > MOST:
        report.add(
            codes.MF0116,
            f"the document has more than {MOST} problems; the others are not shown",
            report.diagnostics[-1].span,
            help="mend those above first",
        )


def _plain(node: Node, nodes: dict[int, Node]) -> Any:
    """`plain`, with the node of every dict that it makes."""
    if isinstance(node, Mapping):
        made = {key: _plain(each.value, nodes) for key, each in node.entries.items()}
        nodes[id(made)] = node
        return made
    if isinstance(node, Sequence):
        return [_plain(item, nodes) for item in node.items]
    return node.value


def _misspelt(found: list[Found]) -> set[tuple[str | int, ...]]:
    """Paths of keys that are missing only because they are misspelt: one message for
    the misspelt key is enough."""
    paths = set()
    for each in found:
        if each.rule == "additionalProperties":
            *holder, name = each.path
            known = each.schema["properties"]
            near = suggest(str(name), known)
            if near is not None:
                paths.add((*holder, near))
    return paths


def _validator(binder: Binder, nodes: dict[int, Node]) -> Validator:
    def alternatives(
        validator: Validator, variants: list[Schema], instance: object, schema: Schema
    ) -> Errors:
        node = nodes.get(id(instance))
        if "discriminator" in schema and node is not None and binder.fits(schema, node):
            return  # most steps of a broken document are fine, and binding is fast
        yield from _alternatives(binder.shape, validator, variants, instance, schema)

    extend: Any = jsonschema.validators.extend
    extended = extend(
        jsonschema.Draft202012Validator,
        {
            "oneOf": alternatives,
            "anyOf": alternatives,
            "allOf": _conditions,
            "required": _required,
            "additionalProperties": _additional_properties,
            "pattern": _pattern,
        },
    )
    return extended(binder.shape)


def _alternatives(
    shape: Schema,
    validator: Validator,
    variants: list[Schema],
    instance: object,
    schema: Schema,
) -> Errors:
    if all(set(variant) == {"required"} for variant in variants):
        yield from _choice_of_keys(variants, instance, schema)
        return
    view = _View(instance)
    index = variant_of(schema, shape["$defs"], view)
    allowed_kinds = kinds(schema, shape["$defs"])
    if index is None and view.kind not in allowed_kinds:
        yield ValidationError("", validator="type", validator_value=allowed_kinds)
        return
    if index is None:
        name = schema["discriminator"]["propertyName"]
        allowed = list(tags(schema, shape["$defs"]))
        yield ValidationError(
            "",
            validator="enum",
            path=[name],
            validator_value=allowed,
            instance=instance[name],  # type: ignore[index]
            schema=schema,
        )
        return
    yield from validator.descend(instance, variants[index], schema_path=index)


def _choice_of_keys(variants: list[Schema], instance: object, schema: Schema) -> Errors:
    if not isinstance(instance, dict):
        return
    keys = [variant["required"][0] for variant in variants]
    there = [key for key in keys if key in instance]
    if not there:
        yield ValidationError("", validator="oneOfKeys", validator_value=keys)
    elif "oneOf" in schema and len(there) > 1:
        yield ValidationError(
            "", validator="excludingKeys", path=[there[1]], validator_value=there
        )


def _conditions(
    validator: Validator, conditions: list[Schema], instance: object, schema: Schema
) -> Errors:
    view = _View(instance)
    if view.kind != "object":
        return
    for condition in map(condition_of, conditions):
        if not condition.holds(view):
            path = [condition.key if condition.needs else condition.other]
            yield ValidationError(
                "", validator="condition", validator_value=condition, path=path
            )


def _required(
    validator: Validator, required: list[str], instance: object, schema: Schema
) -> Errors:
    if isinstance(instance, dict):
        for key in required:
            if key not in instance:
                yield ValidationError("", path=[key])


def _additional_properties(
    validator: Validator, allowed: Any, instance: object, schema: Schema
) -> Errors:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    for key, value in instance.items():
        if key in known or (
            "patternProperties" in schema and key.startswith(EXTENSION)
        ):
            continue
        if allowed is False:
            yield ValidationError("", path=[key])
        else:
            yield from validator.descend(value, allowed, path=key)


def _pattern(
    validator: Validator, text: str, instance: object, schema: Schema
) -> Errors:
    if isinstance(instance, str) and pattern(text).search(instance) is None:
        yield ValidationError("")


class _View:
    """A plain value as `variant_of` looks at it."""

    def __init__(self, value: object) -> None:
        self._value = value

    @property
    def kind(self) -> str:
        if isinstance(self._value, dict):
            return "object"
        return "array" if isinstance(self._value, list) else "scalar"

    def __contains__(self, key: str) -> bool:
        return isinstance(self._value, dict) and key in self._value

    def text(self, key: str) -> object:
        assert isinstance(self._value, dict)
        return self._value[key]
