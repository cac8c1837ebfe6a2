"""What a test that came out true or false proves about steps: `exists($.x.id)` being
true means that `x` has outputs, and that this very path gives something."""

from __future__ import annotations

from magicflow_cli.plan import models as plan

Present = frozenset[str]
"""Keys of what is there: a step's name for its outputs, `path_key` for a path."""
_NONE: Present = frozenset()


def proven(test: plan.Expr, truth: bool) -> Present:
    """What is there when `test` came out as `truth`.

    Sound, not complete: a test that fails (EXPRESSION) proves nothing and takes no
    branch either.
    """
    match test:
        case plan.UnaryExpr(op="not", arg=arg):
            return proven(arg, not truth)
        case plan.BinaryExpr(op="and", left=left, right=right):
            both = proven(left, truth), proven(right, truth)
            return both[0] | both[1] if truth else both[0] & both[1]
        case plan.BinaryExpr(op="or", left=left, right=right):
            both = proven(left, truth), proven(right, truth)
            return both[0] & both[1] if truth else both[0] | both[1]
        case plan.BinaryExpr():
            return _comparison(test, truth)
        case plan.CallExpr(function="exists", args=[arg]):
            return reads_outputs(arg) if truth else _NONE
        case plan.CallExpr():
            return _call(test) if truth else _NONE
        case plan.PathExpr():
            return reads_outputs(test) if truth else _NONE
        case _:
            return _NONE


def reads_outputs(expr: plan.Expr) -> Present:
    """What a singular path finds: the value, and the step whose outputs hold it."""
    if not isinstance(expr, plan.PathExpr) or not expr.singular:
        return _NONE
    found = {path_key(expr)}
    if expr.root == "step" and expr.field == "output" and expr.name is not None:
        found.add(expr.name)
    return frozenset(found)


def path_key(path: plan.PathExpr) -> str:
    """Equal for equal singular paths; no step's name (names have no blanks)."""
    parts = [path.root, path.name or "", path.field or ""]
    for segment in path.segments:
        selector = segment.selectors[0]
        parts.append(
            f".{selector.member}" if selector.at is None else f"[{selector.at}]"
        )
    return " ".join(parts)


def _comparison(test: plan.BinaryExpr, truth: bool) -> Present:
    left, right = test.left, test.right
    if test.op in ("<", "<=", ">", ">=", "+", "-", "*", "/", "%"):
        # Null on either side is EXPRESSION, so whatever came out, both are there.
        return _values(left) | _values(right)
    if test.op == "in":
        return (_values(left) if _never_null(right) else _NONE) if truth else _NONE
    if test.op not in ("==", "!="):
        return _NONE
    same = (test.op == "==") == truth
    if same:
        found = _completed(left, right) | _completed(right, left)
        if _never_null(right):
            found |= _values(left)
        if _never_null(left):
            found |= _values(right)
        return found
    found = _values(left) if _is_null(right) else _NONE
    return found | (_values(right) if _is_null(left) else _NONE)


def _values(expr: plan.Expr) -> Present:
    """What must be there for the expression not to be null."""
    if isinstance(expr, plan.PathExpr):
        return reads_outputs(expr)
    if isinstance(expr, plan.BinaryExpr) and expr.op in ("+", "-", "*", "/", "%"):
        return _values(expr.left) | _values(expr.right)
    if isinstance(expr, plan.CallExpr):
        return _call(expr)
    return _NONE


def _call(call: plan.CallExpr) -> Present:
    """Most functions take no null: a result means that the arguments were there."""
    if call.function in _TAKE_NULL:
        return _NONE
    found = _NONE
    for arg in call.args:
        found |= _values(arg)
    return found


_TAKE_NULL = frozenset(("coalesce", "exists", "type_of", "to_string", "contains"))


def _completed(path: plan.Expr, value: plan.Expr) -> Present:
    """`$.x.status == 'completed'`."""
    if (
        isinstance(path, plan.PathExpr)
        and path.root == "step"
        and path.field == "status"
        and path.name is not None
        and isinstance(value, plan.LitExpr)
        and value.value == "completed"
    ):
        return frozenset((path.name,))
    return _NONE


def _never_null(expr: plan.Expr) -> bool:
    if isinstance(expr, plan.LitExpr):
        return expr.value is not None
    if isinstance(expr, plan.ArrayExpr):
        return all(_never_null(item) for item in expr.items)
    return isinstance(expr, plan.TemplateExpr | plan.ObjectExpr)


def _is_null(expr: plan.Expr) -> bool:
    return isinstance(expr, plan.LitExpr) and expr.value is None


def pure(expr: plan.Expr) -> bool:
    """Whether the expression gives the same wherever it is evaluated, as long as the
    steps that it reads do not run again."""
    match expr:
        case plan.CallExpr(function=function, args=args):
            return function not in ("now", "uuid") and all(map(pure, args))
        case plan.BinaryExpr(left=left, right=right):
            return pure(left) and pure(right)
        case plan.UnaryExpr(arg=arg):
            return pure(arg)
        case plan.PathExpr(root=root):
            return root in ("input", "step", "execution", "metadata")
        case plan.LitExpr():
            return True
        case _:
            return False


def conjuncts(test: plan.Expr) -> list[plan.Expr]:
    """The tests that all hold when `test` is true."""
    if isinstance(test, plan.BinaryExpr) and test.op == "and":
        return conjuncts(test.left) + conjuncts(test.right)
    return [test]
