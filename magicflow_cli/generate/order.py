"""The order of types: what a type is made of comes before it, and circles are known."""

from __future__ import annotations

from collections.abc import Iterator

from magicflow_cli.plan import models as plan


def references(definition: plan.TypeDef, order: list[str]) -> Iterator[plan.TypeRef]:
    """The references inside a definition; `order` is the field order of an object."""
    match definition:
        case plan.ArrayType():
            yield definition.items
        case plan.TupleType():
            yield from definition.items
        case plan.MapType():
            yield definition.values
        case plan.ObjectType():
            for name in order:
                yield definition.fields[name].type
            if definition.extra.type is not None:
                yield definition.extra.type
        case plan.UnionType():
            for variant in definition.variants:
                yield variant.type
        case plan.AliasType():
            yield definition.of


def fields_of(document: plan.Plan, id: str) -> list[str]:
    """The wire names of an object's fields in the order in which they are declared."""
    definition = document.types[id]
    assert isinstance(definition, plan.ObjectType)
    declared = document.presentation.field_order.get(id, ())
    known = [name for name in declared if name in definition.fields]
    return known + sorted(definition.fields.keys() - set(known))


class TypeOrder:
    """`ordered` has every type after those that it is made of, as far as there is no
    circle; `circular` are the types that contain themselves."""

    def __init__(self, document: plan.Plan) -> None:
        self._document = document
        self._edges = {id: self._targets(id) for id in document.types}
        self.ordered: list[str] = []
        self.circular: set[str] = set()
        self._walk([*_roots(document), *sorted(document.types)])

    def _targets(self, id: str) -> list[str]:
        definition = self._document.types[id]
        fields = (
            fields_of(self._document, id)
            if isinstance(definition, plan.ObjectType)
            else []
        )
        return [
            ref.type
            for ref in references(definition, fields)
            if ref.type in self._document.types
        ]

    def _walk(self, roots: list[str]) -> None:
        """Tarjan's components, without recursion: types may nest deeply."""
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        for root in roots:
            if root in index or root not in self._edges:
                continue
            work: list[tuple[str, Iterator[str]]] = []
            _enter(root, index, low, stack, work, self._edges)
            while work:
                id, targets = work[-1]
                for target in targets:
                    if target not in index:
                        _enter(target, index, low, stack, work, self._edges)
                        break
                    if target in stack:
                        low[id] = min(low[id], index[target])
                else:
                    work.pop()
                    if work:
                        parent = work[-1][0]
                        low[parent] = min(low[parent], low[id])
                    if low[id] == index[id]:
                        self._finish(id, stack)

    def _finish(self, id: str, stack: list[str]) -> None:
        members = stack[stack.index(id) :]
        del stack[stack.index(id) :]
        if len(members) > 1 or id in self._edges[id]:
            self.circular.update(members)
        # Within a circle any order is as good; the reverse keeps parts before wholes.
        self.ordered += reversed(members)


def _enter(
    id: str,
    index: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    work: list[tuple[str, Iterator[str]]],
    edges: dict[str, list[str]],
) -> None:
    index[id] = low[id] = len(index)
    stack.append(id)
    work.append((id, iter(edges[id])))


def _roots(document: plan.Plan) -> Iterator[str]:
    """Where people begin to read: the run's input and output, then the steps'."""
    yield document.input.type
    yield document.output.type.type
    for name in document.presentation.step_order:
        step = document.steps[name]
        function = document.functions.get(step.function or "")
        refs = [] if function is None else [function.input, function.output]
        refs += [] if step.output is None else [step.output]
        yield from (ref.type for ref in refs)
    for _, event in sorted(document.events.items()):
        yield event.type.type
