"""Reads the values of keywords from the node tree; what is wrong is reported there."""

from __future__ import annotations

from decimal import Decimal

from magicflow.canonical import format_number

from magicflow_cli.check.types.shape import Number, Value
from magicflow_cli.diagnostics import codes
from magicflow_cli.diagnostics.model import Code, Label, Report, Span
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence, plain

SAFE_INTEGER = 2**53 - 1


class Values:
    """Reads keyword values of schema objects; each problem is reported once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._reported: set[tuple[str, Span]] = set()

    def problem(
        self,
        code: Code,
        message: str,
        span: Span,
        help: str = "",
        labels: tuple[Label, ...] = (),
    ) -> None:
        if (code.id, span) not in self._reported:
            self._reported.add((code.id, span))
            self.report.add(code, message, span, help=help, labels=labels)

    def collision(
        self,
        code: Code,
        message: str,
        span: Span | None,
        help: str,
        labels: tuple[Label, ...],
    ) -> None:
        """A problem of several places; types that the compiler made have none."""
        self.report.add(code, message, span, help=help, labels=labels)

    def invalid(self, keyword: str, node: Node, expected: str) -> None:
        self.problem(
            codes.MF2003,
            f"`{keyword}` is {describe(node)}, not {expected}",
            node.span(),
            f"write {expected}",
        )

    def outside(self, keyword: str, node: Node) -> None:
        self.problem(
            codes.MF2150,
            f"`{keyword}` has an integer beyond ±(2^53−1)",
            node.span(),
            "such integers do not travel as JSON numbers; write a smaller one, or a string",
        )

    def count(self, node: Mapping, keyword: str) -> int | None:
        """A non-negative integer, None when it is absent or reported."""
        value = node.get(keyword)
        if value is None:
            return None
        number = integral(value)
        if number is None or number < 0:
            self.invalid(keyword, value, "a non-negative integer")
            return None
        if number > SAFE_INTEGER:
            self.outside(keyword, value)
            return None
        return number

    def bound(self, node: Mapping, keyword: str) -> Decimal | None:
        """A number, exact as the decimal text of its double."""
        value = node.get(keyword)
        if value is None:
            return None
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            if keyword.startswith("exclusive"):
                plain_keyword = keyword[9].lower() + keyword[10:]
                self.problem(
                    codes.MF2003,
                    f"`{keyword}` is a boolean, as in draft-04, not a number",
                    value.span(),
                    f"write the bound itself under `{keyword}` and leave `{plain_keyword}` out",
                )
                return None
        elif isinstance(value, Scalar) and isinstance(value.value, int | float):
            return Decimal(format_number(value.value))
        self.invalid(keyword, value, "a number")
        return None

    def flag(self, node: Mapping, keyword: str) -> bool:
        """A boolean, False when it is absent or reported."""
        value = node.get(keyword)
        if value is None:
            return False
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        self.invalid(keyword, value, "true or false")
        return False

    def text(self, node: Mapping, keyword: str) -> str | None:
        value = node.get(keyword)
        if value is None:
            return None
        if isinstance(value, Scalar) and isinstance(value.value, str):
            return value.value
        self.invalid(keyword, value, "a string")
        return None

    def texts(self, node: Mapping, keyword: str) -> list[str]:
        """A list of distinct strings."""
        value = node.get(keyword)
        if value is None:
            return []
        if not isinstance(value, Sequence):
            self.invalid(keyword, value, "a list of strings")
            return []
        found: list[str] = []
        for item in value.items:
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                self.invalid(keyword, item, "a string")
            elif item.value in found:
                self.problem(
                    codes.MF2003,
                    f"`{keyword}` names `{item.value}` twice",
                    item.span(),
                    "leave one of them out",
                )
            else:
                found.append(item.value)
        return found

    def mapping(self, node: Mapping, keyword: str) -> Mapping | None:
        value = node.get(keyword)
        if value is None or isinstance(value, Mapping):
            return value
        self.invalid(keyword, value, "a mapping")
        return None

    def schemas(self, node: Mapping, keyword: str) -> list[Node]:
        """A list of at least one schema."""
        value = node.get(keyword)
        if value is None:
            return []
        if isinstance(value, Sequence) and value.items:
            return value.items
        self.invalid(keyword, value, "a list of schemas")
        return []

    def constant(self, node: Node, keyword: str) -> list[Value]:
        """The scalar as a list of one, empty when it is none or outside the domain."""
        if not isinstance(node, Scalar):
            self.problem(
                codes.MF2110,
                f"`{keyword}` has {describe(node)} for a value",
                node.span(),
                "only strings, numbers, booleans and null can be constants; describe an object by its properties, each with a `const`",
            )
            return []
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            number = plain_number(value)
            if isinstance(number, int) and abs(number) > SAFE_INTEGER:
                self.outside(keyword, node)
                return []
            return [number]
        return [value]


def plain_number(value: Number) -> Number:
    """An integer where the number is integral: `1.0` is `1`, `-0.0` is `0`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def integral(node: Node) -> int | None:
    """The integer that a node is, `2.0` included."""
    if isinstance(node, Scalar) and not isinstance(node.value, bool):
        if isinstance(node.value, int):
            return node.value
        if isinstance(node.value, float) and node.value.is_integer():
            return int(node.value)
    return None


def describe(node: Node) -> str:
    """A node in a few words, for messages."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, str):
        text = node.value if len(node.value) <= 40 else node.value[:40] + "…"
        return f"the string `{text}`"
    text = node.text if len(node.text) <= 24 else node.text[:24] + "…"
    return f"the number `{text}`"


def json_value(node: Node) -> object:
    """A node as plain JSON data, integral numbers as integers."""
    return _plain_numbers(plain(node))


def is_in_domain(value: object) -> bool:
    """Whether every integer in JSON data is within ±(2^53−1); the loader sees to the
    rest of the domain."""
    if isinstance(value, list):
        return all(is_in_domain(item) for item in value)
    if isinstance(value, dict):
        return all(is_in_domain(item) for item in value.values())
    return not isinstance(value, int) or abs(value) <= SAFE_INTEGER


def _plain_numbers(value: object) -> object:
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain_numbers(item) for key, item in value.items()}
    return value
