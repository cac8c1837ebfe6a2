"""The domain: the JSON values that mean the same in every language (docs/types.md).

Integers within ±(2^53−1), finite doubles, no lone surrogates, no duplicate keys, at
most 512 collections in each other, no leap seconds. What lies outside is refused with
one of these codes, by every decoder and by the server, before any schema is asked.
"""

from __future__ import annotations

from typing import Final

NOT_JSON: Final = "MFD001"
INTEGER_RANGE: Final = "MFD002"
NOT_FINITE: Final = "MFD003"
SURROGATE: Final = "MFD004"
DUPLICATE_KEY: Final = "MFD005"
DEPTH: Final = "MFD006"
LEAP_SECOND: Final = "MFD007"

MESSAGES: Final[dict[str, str]] = {
    NOT_JSON: "the text is not JSON in UTF-8",
    INTEGER_RANGE: "the integer is beyond ±(2^53−1)",
    NOT_FINITE: "the number is beyond the range of doubles",
    SURROGATE: "the string has a lone surrogate",
    DUPLICATE_KEY: "the key stands twice in one object",
    DEPTH: "more than 512 collections stand in each other",
    LEAP_SECOND: "the time has a leap second",
}

SAFE_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 512
MESSAGE_DEPTH: Final = 8
"""How many collections of our own messages stand around a value at most."""


class DomainError(ValueError):
    """A text or value outside the domain. `code` is one of the `MFD…` codes; `detail`
    says where or what, for people."""

    def __init__(self, code: str, detail: str = "") -> None:
        message = MESSAGES[code]
        super().__init__(f"{message}: {detail}" if detail else message)
        self.code = code
        self.message = str(self)


def check_domain(value: object) -> None:
    """Raises `DomainError` unless a Python value is JSON data of the domain: dict, list,
    str, int, float, bool and None, without cycles. For values that no decoder read."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        kind = type(item)
        if kind is str:
            check_text(item)  # type: ignore[arg-type]
        elif kind is int:
            if not -SAFE_INTEGER <= item <= SAFE_INTEGER:  # type: ignore[operator]
                raise DomainError(INTEGER_RANGE)
        elif kind is float:
            if item - item != 0.0:  # type: ignore[operator]
                raise DomainError(NOT_FINITE)
        elif kind is dict or kind is list:
            if depth == MAX_DEPTH:
                raise DomainError(DEPTH)
            if kind is list:
                waiting += [(child, depth + 1) for child in item]  # type: ignore[attr-defined]
                continue
            for name, child in item.items():  # type: ignore[attr-defined]
                if type(name) is not str:
                    raise DomainError(
                        NOT_JSON, f"a key is of type {type(name).__name__}"
                    )
                check_text(name)
                waiting.append((child, depth + 1))
        elif item is not None and kind is not bool:
            raise DomainError(NOT_JSON, f"a value is of type {kind.__name__}")


def check_text(text: str) -> None:
    """Raises `DomainError` for a lone surrogate."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise DomainError(SURROGATE) from None
