"""Random expressions of the plan, of all operators and functions, that may fail."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.differential.values import NUMBERS, TEXTS, WORDS, value

Json = dict[str, Any]

UNARY = [
    "length",
    "count",
    "lower",
    "upper",
    "trim",
    "sum",
    "avg",
    "abs",
    "floor",
    "ceil",
    "round",
    "type_of",
    "to_string",
    "to_number",
    "keys",
    "values",
    "first",
    "last",
    "sort",
    "unique",
    "flatten",
    "min",
    "max",
]
BINARY = [
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "join",
    "split",
    "round",
    "min",
    "max",
    "substring",
    "merge",
    "either",
    "coalesce",
]
ROOTS = [
    "input",
    "input",
    "input",
    "response",
    "response",
    "error",
    "execution",
    "metadata",
    "branches",
    "iterations",
    "step",
    "step",
    "step",
    "local",
    "index",
    "undo",
]


def lit(of: Any) -> Json:
    return {"op": "lit", "value": of}


def call(function: str, *args: Json) -> Json:
    return {"op": "call", "function": function, "args": [*args]}


class Expressions:
    """`steps` are names that may be read; what is not there is missing."""

    def __init__(self, rng: Random, steps: list[str]) -> None:
        self.rng = rng
        self.steps = steps
        self.locals = ["item", "x"]
        # most plans fail seldom, so that runs get far
        self.risk = rng.choice([0.0, 0.0, 0.02, 0.1, 0.5])

    def expression(self, depth: int = 2) -> Json:
        rng = self.rng
        if depth == 0:
            return self.path(0) if rng.random() < 0.6 else self.literal()
        if rng.random() >= self.risk:
            return self.safe(depth)
        kinds: list[Callable[[int], Json]] = [
            self.path,
            self.path,
            self.binary,
            self.logic,
            self.function,
            self.function,
            self.object,
            self.array,
            self.template,
            self.lambdas,
        ]
        return rng.choice(kinds)(depth)

    def safe(self, depth: int) -> Json:
        """One that does not fail, whatever it reads."""
        rng = self.rng
        kind = rng.randrange(10)
        if kind == 0:
            return call(rng.choice(["now", "uuid"]))
        if kind == 1:
            functions = ["type_of", "to_string"]
            return call(rng.choice(functions), self.expression(depth - 1))
        if kind == 2:
            of = [self.expression(depth - 1) for _ in range(2)]
            return call(rng.choice(["coalesce", "either"]), *of)
        if kind == 3:
            left, right = self.expression(depth - 1), self.expression(depth - 1)
            return {"op": rng.choice(["==", "!="]), "left": left, "right": right}
        if kind == 4:
            return self.template(depth)
        if kind == 5:
            return self.array(depth)
        if kind == 6:
            return self.object(depth)
        return self.path(depth if self.risk > 0.05 else 0)

    def condition(self) -> Json:
        """Mostly one that holds or does not, and now and then one that fails."""
        rng = self.rng
        if rng.random() < self.risk / 3:
            return self.expression()
        left = self.path(0)
        if rng.random() < 0.4:
            return {"op": rng.choice(["==", "!="]), "left": left, "right": lit(1)}
        if rng.random() < 0.4:
            return call("exists", left)
        return {
            "op": "==",
            "left": {
                "op": "path",
                "root": "input",
                "segments": [member("flag")],
                "singular": True,
            },
            "right": lit(rng.random() < 0.5),
        }

    def mapping(self) -> Json:
        """Mostly an object; with a secret now and then."""
        rng = self.rng
        if rng.random() < 0.3:
            return self.expression()
        return self.object(2)

    def literal(self) -> Json:
        rng = self.rng
        return lit(
            rng.choice([rng.choice(NUMBERS), rng.choice(TEXTS), value(rng, 1), True])
        )

    def path(self, depth: int) -> Json:
        rng = self.rng
        root = rng.choice(ROOTS)
        made: Json = {"op": "path", "root": root}
        if root == "step":
            made["name"] = rng.choice(self.steps) if self.steps else "none"
            made["field"] = rng.choice(
                ["output", "output", "status", "error", "attempts"]
            )
        elif root == "local" or (root == "index" and rng.random() < 0.5):
            made["name"] = rng.choice(self.locals)
        elif root == "undo" and rng.random() < 0.7:
            made["name"] = rng.choice(["input", "output"])
        segments = [self.segment(depth) for _ in range(rng.choice([0, 0, 1, 1, 2]))]
        made["segments"] = segments
        made["singular"] = all(
            not s.get("descendant")
            and len(s["selectors"]) == 1
            and not s["selectors"][0].keys().isdisjoint(("member", "at", "length"))
            for s in segments
        )
        return made

    def segment(self, depth: int) -> Json:
        rng = self.rng
        if rng.random() < 0.7:
            return member(rng.choice([*WORDS, "v", "k", "items", "code"]))
        made: Json = {
            "selectors": [self.selector(depth) for _ in range(rng.choice([1, 1, 2]))]
        }
        if rng.random() < 0.2:
            made["descendant"] = True
        return made

    def selector(self, depth: int) -> Json:
        rng = self.rng
        kind = rng.randrange(6)
        if kind == 0:
            return {"at": rng.choice([0, 1, -1, 5])}
        if kind == 1:
            return {"all": True}
        if kind == 2:
            bounds = [None, 0, 1, -1, 2, -3]
            steps = [None, 1, -1, 2, 0]
            return {
                "slice": [rng.choice(bounds), rng.choice(bounds), rng.choice(steps)]
            }
        if kind == 3:
            return {"length": True}
        if kind == 4 and depth > 0:
            self.locals.append("@")
            test = self.expression(depth - 1)
            self.locals.pop()
            if rng.random() < 0.8:
                test = call("exists", self.path(0))
            return {"filter": test}
        return {"member": rng.choice(WORDS)}

    def binary(self, depth: int) -> Json:
        rng = self.rng
        if rng.random() < 0.1:
            return {"op": "neg", "arg": self.expression(depth - 1)}
        operator = rng.choice(
            ["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"]
        )
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        if operator in "+-*/%" and rng.random() < 0.7:
            left, right = lit(rng.choice(NUMBERS)), lit(rng.choice(NUMBERS))
        return {"op": operator, "left": left, "right": right}

    def logic(self, depth: int) -> Json:
        if self.rng.random() < 0.3:
            return {"op": "not", "arg": self.condition()}
        return {
            "op": self.rng.choice(["or", "and"]),
            "left": self.condition(),
            "right": self.expression(depth - 1),
        }

    def function(self, depth: int) -> Json:
        rng = self.rng
        choice = rng.random()
        if choice < 0.1:
            return call(rng.choice(["now", "uuid"]))
        if choice < 0.2:
            return call("exists", self.path(depth))
        arg = self.expression(depth - 1)
        if rng.random() < 0.4:
            items: list[Any] = [rng.choice(NUMBERS) for _ in range(rng.randrange(4))]
            if rng.random() < 0.5:
                items = [rng.choice(TEXTS) for _ in range(rng.randrange(4))]
            arg = lit(rng.choice([items, rng.choice(TEXTS), rng.choice(NUMBERS)]))
        if choice < 0.6:
            return call(rng.choice(UNARY), arg)
        if choice < 0.65:
            return call(
                "replace", arg, lit(rng.choice(["a", "", "é"])), lit(rng.choice(TEXTS))
            )
        if choice < 0.7:
            return call("substring", arg, lit(rng.randrange(-3, 4)), lit(2))
        second = self.expression(depth - 1)
        if rng.random() < 0.6:
            second = lit(rng.choice([*TEXTS, 0, 1, 2, 16, 0.5]))
        return call(rng.choice(BINARY), arg, second)

    def object(self, depth: int) -> Json:
        rng = self.rng
        names = rng.sample(WORDS, rng.randrange(4))
        members = {name: self.expression(depth - 1) for name in names}
        if rng.random() < 0.15:
            members[rng.choice(WORDS)] = self.secret()
        return {"op": "object", "members": members}

    def secret(self) -> Json:
        rng = self.rng
        made = {"op": "secret", "from": rng.choice(["secrets", "env"]), "name": "KEY"}
        if rng.random() < 0.3:
            return {"op": "template", "parts": [lit("Bearer "), made, self.path(0)]}
        return made

    def array(self, depth: int) -> Json:
        count = self.rng.randrange(3)
        return {
            "op": "array",
            "items": [self.expression(depth - 1) for _ in range(count)],
        }

    def template(self, depth: int) -> Json:
        rng = self.rng
        parts = [lit(rng.choice(TEXTS)), self.expression(depth - 1), lit("!")]
        return {"op": "template", "parts": parts}

    def lambdas(self, depth: int) -> Json:
        rng = self.rng
        items: Json = {
            "op": "path",
            "root": "input",
            "segments": [member("items")],
            "singular": True,
        }
        if rng.random() < 0.4:
            items = lit([value(rng, 1) for _ in range(rng.randrange(4))])
        self.locals.append("each")
        body = self.expression(depth - 1)
        self.locals.pop()
        function = rng.choice(["map", "map", "filter"])
        return call(
            function, items, {"op": "lambda", "parameter": "each", "body": body}
        )


def member(name: str) -> Json:
    return {"selectors": [{"member": name}]}
