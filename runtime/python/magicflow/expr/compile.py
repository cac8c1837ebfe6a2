"""Expressions of the plan → functions of a scope, one function per kind of node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from magicflow.canonical import sorted_names
from magicflow.expr.arithmetic import OPERATORS, negate
from magicflow.expr.functions import FUNCTIONS
from magicflow.expr.paths import Evaluate, bind, compile_path, spend, weigh
from magicflow.expr.scope import WORK, Scope
from magicflow.expr.values import (
    MISSING,
    ExpressionError,
    Value,
    comparable,
    equal,
    print_text,
    text_fits,
    truth,
    type_name,
)

Expr = Mapping[str, Any]


def compile_expression(expr: Expr) -> Evaluate:
    """The function that evaluates the expression in a scope.

    It gives a JSON value, or MISSING when the expression is a path that selects nothing
    (null where a value is wanted, absent where a member is). It raises ExpressionError
    and nothing else. Raises ValueError for what is no expression of the plan.
    """
    try:
        run = _compile(expr)
        searches = _searches(expr)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"the plan has a broken expression: {error}") from error
    if not searches:
        return run

    def evaluate_within_limits(scope: Scope) -> Value:
        scope.work = WORK
        try:
            return run(scope)
        except RecursionError:
            raise ExpressionError("a value is nested too deeply") from None

    return evaluate_within_limits


def evaluate(expr: Expr, scope: Scope) -> Value:
    """Compile and evaluate at once, for what is evaluated once."""
    return compile_expression(expr)(scope)


def secret_places(expr: Expr) -> list[tuple[str | int, ...]]:
    """Where secrets stand in the value of a mapping: member names and indexes.

    Whoever resolves secrets looks at these places only. A `{"$secret": …}` anywhere
    else is somebody's data and stays what it is.
    """
    return [*_secret_places(expr, ())]


def secret_pointers(expr: Expr | None) -> tuple[str, ...]:
    """`secret_places` as JSON pointers (RFC 6901), as they travel with a task."""
    if expr is None:
        return ()
    return tuple(
        "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)
        for place in secret_places(expr)
    )


def _secret_places(
    expr: Expr, place: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
    op = expr["op"]
    if op == "secret" or (
        op == "template" and any(p["op"] == "secret" for p in expr["parts"])
    ):
        yield place
    elif op == "object":
        for name in sorted_names(expr["members"]):
            yield from _secret_places(expr["members"][name], (*place, name))
    elif op == "array":
        for index, item in enumerate(expr["items"]):
            yield from _secret_places(item, (*place, index))


def _searches(expr: Any) -> bool:
    """Whether evaluation can take more time than the expression is long."""
    if isinstance(expr, list):
        return any(map(_searches, expr))
    if not isinstance(expr, Mapping):
        return False
    op = expr.get("op")
    if op == "lit":
        return False
    if op in ("==", "!="):
        compared = expr["right"]
        if compared["op"] == "lit" and not isinstance(compared["value"], list | dict):
            return _searches(expr["left"])
        return True
    if op in ("call", "template", "in") or expr.get("singular") is False:
        return True
    return any(map(_searches, expr.values()))


def _compile(expr: Expr) -> Evaluate:
    compile_kind = _KINDS.get(expr["op"])
    if compile_kind is None:
        raise ValueError(f"the plan has the unknown operator {expr['op']!r}")
    return compile_kind(expr)


def _operand(expr: Expr) -> Evaluate:
    """As `_compile`, with null for what is missing."""
    run = _compile(expr)
    if expr["op"] != "path" and expr.get("function") != "either":
        return run

    def read(scope: Scope) -> Value:
        value = run(scope)
        return None if value is MISSING else value

    return read


def _condition(expr: Expr) -> Callable[[Scope], bool]:
    run = _compile(expr)
    return lambda scope: truth(run(scope))


def _literal(expr: Expr) -> Evaluate:
    value = expr["value"]
    return lambda scope: value


def _path(expr: Expr) -> Evaluate:
    return compile_path(expr, _condition)


def _not(expr: Expr) -> Evaluate:
    holds = _condition(expr["arg"])
    return lambda scope: not holds(scope)


def _negate(expr: Expr) -> Evaluate:
    arg = _operand(expr["arg"])
    return lambda scope: negate(arg(scope))


def _or(expr: Expr) -> Evaluate:
    left, right = _condition(expr["left"]), _condition(expr["right"])
    return lambda scope: left(scope) or right(scope)


def _and(expr: Expr) -> Evaluate:
    left, right = _condition(expr["left"]), _condition(expr["right"])
    return lambda scope: left(scope) and right(scope)


def _equal(expr: Expr) -> Evaluate:
    left = _operand(expr["left"])
    if expr["right"]["op"] == "lit":
        known = expr["right"]["value"]
        if isinstance(known, str):
            return lambda scope: bool(left(scope) == known)
        if known is None or isinstance(known, bool):
            return lambda scope: left(scope) is known
    right = _operand(expr["right"])
    return lambda scope: equal(left(scope), right(scope))


def _different(expr: Expr) -> Evaluate:
    same = _equal(expr)
    return lambda scope: not same(scope)


def _compare(expr: Expr) -> Evaluate:
    left, right, op = _operand(expr["left"]), _operand(expr["right"]), expr["op"]
    holds = _ORDERS[op]

    def compare(scope: Scope) -> Value:
        a, b = left(scope), right(scope)
        comparable(a, b, op)
        return holds(a, b)

    return compare


_ORDERS: dict[str, Callable[[Value, Value], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _in(expr: Expr) -> Evaluate:
    left, right = _operand(expr["left"]), _operand(expr["right"])

    def member(scope: Scope) -> Value:
        item, items = left(scope), right(scope)
        if not isinstance(items, list):
            raise ExpressionError(f"`in` looks into a list, not {type_name(items)}")
        return any(equal(item, other) for other in items)

    return member


def _arithmetic(expr: Expr) -> Evaluate:
    left, right = _operand(expr["left"]), _operand(expr["right"])
    combine = OPERATORS[expr["op"]]

    def calculate(scope: Scope) -> Value:
        try:
            return combine(left(scope), right(scope))
        except OverflowError:  # an integer of the data that no double is near to
            raise ExpressionError("a number is beyond the range of numbers") from None

    return calculate


def _object(expr: Expr) -> Evaluate:
    # what is sampled comes in one order, whatever that of the plan's text
    members = [
        (name, _compile(expr["members"][name]))
        for name in sorted_names(expr["members"])
    ]

    def build(scope: Scope) -> Value:
        result: dict[str, Value] = {}
        for name, run in members:
            value = run(scope)
            if value is not MISSING:
                result[name] = value
        return result

    return build


def _array(expr: Expr) -> Evaluate:
    items = [_operand(item) for item in expr["items"]]
    return lambda scope: [item(scope) for item in items]


def _template(expr: Expr) -> Evaluate:
    parts = [_compile(part) for part in expr["parts"]]
    if any(part["op"] == "secret" for part in expr["parts"]):
        return _secret_template(expr)

    def build(scope: Scope) -> Value:
        texts = [print_text(part(scope)) for part in parts]
        text_fits(sum(map(len, texts)))
        return "".join(texts)

    return build


def _secret_template(expr: Expr) -> Evaluate:
    """A text with secrets in it travels as `{"$template": [text, {"$secret": X}, …]}`."""
    parts = [(part["op"] == "secret", _compile(part)) for part in expr["parts"]]

    def build(scope: Scope) -> Value:
        pieces: list[Value] = []
        length = 0
        for secret, run in parts:
            if secret:
                pieces.append(run(scope))
                continue
            text = print_text(run(scope))
            length += len(text)
            text_fits(length)
            if pieces and isinstance(pieces[-1], str):
                pieces[-1] += text
            elif text:
                pieces.append(text)
        return {"$template": pieces}

    return build


def _secret(expr: Expr) -> Evaluate:
    key = {"secrets": "$secret", "env": "$env"}[expr["from"]]
    name = expr["name"]
    return lambda scope: {key: name}


def _call(expr: Expr) -> Evaluate:
    name, args = expr["function"], expr["args"]
    special = _SPECIAL.get(name)
    if special is not None:
        return special(args)
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(f"the plan calls the unknown function {name!r}")
    operands = [_operand(arg) for arg in args]
    if len(operands) == 1:
        (only,) = operands
        return lambda scope: function(only(scope))
    return lambda scope: function(*[operand(scope) for operand in operands])


def _exists(args: list[Expr]) -> Evaluate:
    run = _compile(args[0])
    if args[0]["op"] == "path" and args[0]["singular"]:
        return lambda scope: run(scope) is not MISSING
    return lambda scope: bool(run(scope))


def _coalesce(args: list[Expr]) -> Evaluate:
    operands = [_operand(arg) for arg in args]

    def first_value(scope: Scope) -> Value:
        for operand in operands:
            value = operand(scope)
            if value is not None:
                return value
        return None

    return first_value


def _either(args: list[Expr]) -> Evaluate:
    """The plan's own: the first argument that selects something, null included, else
    missing. The default run output is made of it."""
    operands = [_compile(arg) for arg in args]

    def first_found(scope: Scope) -> Any:
        for operand in operands:
            value = operand(scope)
            if value is not MISSING:
                return value
        return MISSING

    return first_found


def _merge(args: list[Expr]) -> Evaluate:
    """The plan's own: the members of all objects, later ones win; null counts as empty.
    What a step in a loop's body receives by default is made of it."""
    operands = [_operand(arg) for arg in args]

    def build(scope: Scope) -> Value:
        merged: dict[str, Value] = {}
        for operand in operands:
            value = operand(scope)
            if value is None:
                continue
            if not isinstance(value, dict):
                raise ExpressionError(f"`merge` takes objects, not {type_name(value)}")
            merged.update(value)
        return merged

    return build


def _now(args: list[Expr]) -> Evaluate:
    return lambda scope: scope.now()


def _uuid(args: list[Expr]) -> Evaluate:
    return lambda scope: scope.uuid()


def _items(function: str, args: list[Expr]) -> Evaluate:
    run = _operand(args[0])

    def read(scope: Scope) -> Value:
        items = run(scope)
        if not isinstance(items, list):
            raise ExpressionError(f"`{function}` takes a list, not {type_name(items)}")
        spend(scope, len(items))
        return items

    return read


def _map(args: list[Expr]) -> Evaluate:
    items, parameter = _items("map", args), args[1]["parameter"]
    body = _operand(args[1]["body"])
    makes = args[1]["body"]["op"] not in ("path", "lit")

    def each(scope: Scope) -> Value:
        source = items(scope)
        outer = scope.locals
        inner = dict(outer)
        scope.locals = inner
        results: list[Value] = []
        try:
            for item in source:
                inner[parameter] = item
                value = body(scope)
                if makes:
                    weigh(scope, value)
                results.append(value)
        finally:
            scope.locals = outer
        return results

    return each


def _filter(args: list[Expr]) -> Evaluate:
    items, parameter = _items("filter", args), args[1]["parameter"]
    holds = _condition(args[1]["body"])
    return lambda scope: bind(scope, parameter, items(scope), holds)


_SPECIAL: dict[str, Callable[[list[Expr]], Evaluate]] = {
    "exists": _exists,
    "coalesce": _coalesce,
    "either": _either,
    "merge": _merge,
    "now": _now,
    "uuid": _uuid,
    "map": _map,
    "filter": _filter,
}

_KINDS: dict[str, Callable[[Expr], Evaluate]] = {
    "lit": _literal,
    "path": _path,
    "not": _not,
    "neg": _negate,
    "or": _or,
    "and": _and,
    "==": _equal,
    "!=": _different,
    "in": _in,
    "call": _call,
    "object": _object,
    "array": _array,
    "template": _template,
    "secret": _secret,
    **dict.fromkeys(_ORDERS, _compare),
    **dict.fromkeys(OPERATORS, _arithmetic),
}
