"""Which members of which values decide the way of a run.

Every expression is followed back to where its values enter the run: the input, results
of calls, data of events, answers of people, outputs of children. A source is the id of
the node that brings the value in (`@input` for the run's input); what is asked of a
member of it is a `Test`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from magicflow_cli.verify.reads import Json, expressions, parts
from magicflow_cli.verify.structure import Structure

INPUT = "@input"
EACH = "*"
"""In a path: any item of a list."""

MAX_STEPS = 200_000
"""How far values are followed in one plan; beyond it the search is cut short."""


class Test(NamedTuple):
    """`op`: an operator with a literal, a function with a literal, or `read` (copied
    somewhere), `some` (compared with what is not known), `truth`, `exists`, `length`.
    """

    op: str
    literal: Any = None
    length: bool = False
    """The literal is compared with the length."""


Path = tuple[str | int, ...]
Demands = dict[str, dict[Path, list[Test]]]

_COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
_MIRRORED: dict[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SIZES = {"length", "count"}
_TEXT_TESTS = {"contains", "starts_with", "ends_with", "matches"}
_TRANSPARENT = {"lower", "upper", "trim", "to_string", "to_number", "round", "floor"}
_READ = Test("read")
_SOME = Test("some")


class Tracer:
    """Collects `demands`; `codes` are error codes that expressions ask for. `cut` says
    that the search was ended before it was through."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.nodes = structure.nodes
        self.demands: Demands = {}
        self.codes: set[str] = set()
        self.cut = False
        self._seen: set[tuple[str, Path, str]] = set()
        self._kept: list[Json] = []  # what is seen is known by its identity
        self._left = MAX_STEPS

    def run(self) -> Demands:
        """Follow every expression of the plan."""
        for id, node in self.nodes.items():
            guard = node.get("guard")
            if guard:
                self.decide(guard["test"], id)
            for case in node.get("cases") or ():
                self.decide(case["when"], id)
            if node.get("while"):
                self.decide(node["while"], id)
            if node.get("items"):
                self.value(node["items"], (), Test("length"), id)
            for expr in expressions(node):
                self.copy(expr, id)
        for rule in self.structure.plan["rules"]:
            self.decide(rule["when"], "")
            for expr in expressions(rule["action"]):
                self.copy(expr, "")
        self.copy(self.structure.plan["output"]["value"], "")
        return self.demands

    def copy(self, expr: Json, node: str) -> None:
        """An expression whose value goes somewhere: conditions inside it decide."""
        if expr["op"] in _COMPARISONS | {"in", "and", "or", "not"}:
            self.decide(expr, node)
        elif expr["op"] == "path":
            self.value(expr, (), _READ, node)
        else:
            for part in parts(expr):
                self.copy(part, node)

    # conditions

    def decide(self, expr: Json, node: str) -> None:
        """A condition: what it asks of the values that it reads."""
        op: str = expr["op"]
        if op in ("and", "or"):
            self.decide(expr["left"], node)
            self.decide(expr["right"], node)
        elif op == "not":
            self.decide(expr["arg"], node)
        elif op in _COMPARISONS:
            self._compare(op, expr["left"], expr["right"], node)
            self._compare(_MIRRORED.get(op, op), expr["right"], expr["left"], node)
        elif op == "in":
            self._in(expr, node)
        elif op == "path":
            self.value(expr, (), Test("truth"), node)
        elif op == "call":
            self._call(expr, node)

    def _compare(self, op: str, side: Json, other: Json, node: str) -> None:
        if side["op"] == "lit":
            return
        if other["op"] != "lit":
            self.ask(side, _SOME, node)
            return
        self.ask(side, Test(op, other["value"]), node)

    def ask(self, expr: Json, test: Test, node: str) -> None:
        """A test of the value of an expression, whatever makes it."""
        op: str = expr["op"]
        if op == "path":
            self.value(expr, (), test, node)
        elif op == "call" and expr["function"] in _SIZES:
            for arg in expr["args"]:
                self.value(arg, (), test._replace(length=True), node)
        elif op == "call" and expr["function"] in ("coalesce", "either"):
            for arg in expr["args"]:
                self.ask(arg, test, node)
                self.value(arg, (), Test("exists"), node)
        elif op == "call" and expr["function"] in ("first", "last", "merge"):
            self.value(expr, (), test, node)
        elif op in ("+", "-", "neg") or (
            op == "call" and expr["function"] in _TRANSPARENT
        ):
            for part in parts(expr):
                self.ask(part, test, node)
        else:
            self.decide(expr, node)
            for part in parts(expr):
                if part["op"] == "path":
                    self.value(part, (), _SOME, node)

    def _in(self, expr: Json, node: str) -> None:
        left, right = expr["left"], expr["right"]
        literals = _literals(right)
        for literal in literals or ():
            self.ask(left, Test("==", literal), node)
        if literals is None:
            self.ask(left, _SOME, node)
            wanted = left["value"] if left["op"] == "lit" else None
            test = Test("==", wanted) if left["op"] == "lit" else _SOME
            self.value(right, (EACH,), test, node)

    def _call(self, expr: Json, node: str) -> None:
        name, args = expr["function"], expr["args"]
        if name == "exists":
            for arg in args:
                self.value(arg, (), Test("exists"), node)
        elif name in _TEXT_TESTS and len(args) == 2 and args[1]["op"] == "lit":
            self.ask(args[0], Test(name, args[1]["value"]), node)
        elif name in _TEXT_TESTS and len(args) == 2 and args[0]["op"] == "lit":
            for literal in _literals(args[0]) or ():
                self.ask(args[1], Test("==", literal), node)
        else:
            for arg in args:
                self.ask(arg, _SOME, node)

    # where values come from

    def value(self, expr: Json, rest: Path, test: Test, node: str) -> None:
        """A test of the member `rest` of an expression's value."""
        key = (str(id(expr)), rest, f"{node}\0{test!r}")
        self._left -= 1
        if key in self._seen or self._left < 0 or len(rest) > 32:
            self.cut = self.cut or self._left < 0
            return
        self._seen.add(key)
        op: str = expr["op"]
        if op == "path":
            self._path(expr, rest, test, node)
        elif op == "object":
            if rest:
                member = expr["members"].get(rest[0])
                if member is not None:
                    self.value(member, rest[1:], test, node)
        elif op == "array":
            for item in expr["items"] if rest else ():
                self.value(item, rest[1:], test, node)
        elif op == "call" and expr["function"] in (
            "either",
            "coalesce",
            "merge",
            "first",
            "last",
        ):
            step: Path = (EACH,) if expr["function"] in ("first", "last") else ()
            for arg in expr["args"]:
                self.value(arg, (*step, *rest), test, node)
        elif test is not _READ and not rest:
            self.ask(expr, test, node) if op != "lit" else None

    def _path(self, expr: Json, rest: Path, test: Test, node: str) -> None:
        way, test = self._segments(expr, test, node)
        way = (*way, *rest)
        match expr["root"]:
            case "input":
                self._demand(INPUT, way, test)
            case "step" if expr.get("field", "output") == "output":
                step = self.structure.plan["steps"].get(expr["name"])
                if step is not None:
                    self.output(step["node"], way, test)
            case "step" if expr.get("field") == "error":
                self._error(way, test)
            case "error":
                self._error(way, test)
            case "response" | "branches" | "iterations":
                self.raw(node, way, test, expr["root"])
            case "local":
                self._item(expr["name"], way, test, node)

    def _segments(self, expr: Json, test: Test, node: str) -> tuple[Path, Test]:
        """A path's segments as a way; filters ask of the items what they ask."""
        way: list[str | int] = []
        for segment in expr["segments"]:
            for selector in segment["selectors"][:1]:
                if "member" in selector:
                    way.append(selector["member"])
                elif "length" in selector:
                    test = test._replace(length=True)
                else:
                    way.append(EACH)
                    if "filter" in selector:
                        prefix = {**expr, "segments": expr["segments"][: len(way) - 1]}
                        self._kept.append(prefix)
                        self._filter(selector["filter"], prefix, node)
        return tuple(way), test

    def _filter(self, condition: Json, items: Json, node: str) -> None:
        """What a filter asks of the current element, which it reads as `@`."""
        for part in [condition, *parts(condition)]:
            if part["op"] in _COMPARISONS:
                for side, other in (("left", "right"), ("right", "left")):
                    path = part[side]
                    if path["op"] == "path" and path.get("name") == "@":
                        way, _ = self._segments(path, _READ, node)
                        literal = part[other]
                        test = (
                            Test(part["op"], literal["value"])
                            if literal["op"] == "lit"
                            else _SOME
                        )
                        self.value(items, (EACH, *way), test, node)

    def output(self, node_id: str, way: Path, test: Test) -> None:
        """A test of what a node gives."""
        node = self.nodes.get(node_id)
        if node is None or (node_id, way, repr(test)) in self._seen:
            return
        self._seen.add((node_id, way, repr(test)))
        if node.get("output") is not None:
            self.value(node["output"], way, test, node_id)
            for clause in node.get("catch") or ():
                self.output(clause.get("handler") or "", way, test)
        else:
            self.raw(node_id, way, test)

    def raw(self, node_id: str, way: Path, test: Test, root: str = "") -> None:
        """A test of what a node gives before its output mapping."""
        node = self.nodes.get(node_id)
        if node is None:
            return
        match node["kind"]:
            case "call" | "listen" | "sub":
                self._demand(node_id, way, test)
            case "try":
                self.output(node["body"], way, test)
                for clause in node["catch"]:
                    self.output(clause.get("handler") or "", way, test)
            case "set":
                self.value(node["value"], way, test, node_id)
            case "fork" if way:
                for branch in node["branches"]:
                    if branch["name"] == way[0]:
                        self.output(branch["body"], way[1:], test)
            case "for":
                skip = 1 if root == "iterations" else 2
                if len(way) >= skip:
                    self._iterations(node_id, node, way[skip:], test)
            case "switch" | "seq":
                for child in self.structure.children(node_id):
                    self.output(child, way, test)

    def _iterations(self, node_id: str, node: Json, way: Path, test: Test) -> None:
        if node.get("collect") is not None:
            self.value(node["collect"], way, test, node["body"])
        else:
            self.output(node["body"], way, test)

    def _item(self, name: str, way: Path, test: Test, node_id: str) -> None:
        """A loop's variable: an item of the loop's list."""
        current: str | None = node_id
        while current is not None:
            node = self.nodes.get(current)
            if node is not None and node["kind"] == "for" and node["variable"] == name:
                if node.get("items"):
                    self.value(node["items"], (EACH, *way), test, current)
                return
            current = self.structure.parents.get(current)

    def _error(self, way: Path, test: Test) -> None:
        if way == ("code",) and isinstance(test.literal, str):
            self.codes.add(test.literal)

    def _demand(self, source: str, way: Path, test: Test) -> None:
        tests = self.demands.setdefault(source, {}).setdefault(way, [])
        if test not in tests:
            tests.append(test)


def _literals(expr: Json) -> list[Any] | None:
    """The items of a list that is written out; None for any other expression."""
    if expr["op"] == "lit" and isinstance(expr["value"], list):
        return list(expr["value"])
    if expr["op"] == "array" and all(item["op"] == "lit" for item in expr["items"]):
        return [item["value"] for item in expr["items"]]
    return None


def demands_of(structure: Structure) -> Tracer:
    """Follow every expression of a plan back to its sources."""
    tracer = Tracer(structure)
    tracer.run()
    return tracer
