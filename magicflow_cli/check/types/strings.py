"""What string constraints mean while compiling: constants are checked against them."""

from __future__ import annotations

from magicflow.regex import compile_portable

from magicflow_cli.check.types.shape import StringPart


def string_fits(value: str, part: StringPart) -> bool:
    """Whether a string fits lengths, patterns and formats of a part (not its values)."""
    length = len(value)
    if not part.formats and not part.patterns:
        return length >= part.min_length and (
            part.max_length is None or length <= part.max_length
        )

    return (
        length >= part.min_length
        and (part.max_length is None or length <= part.max_length)
        and all(_has_format(value, name) for name in part.formats)
        and all(compile_portable(text).search(value) for text in part.patterns)
    )


def _has_format(value: str, name: str) -> bool:
    # Imported here: the runtime's types cost 40 ms, and constants with a format are rare.
    from magicflow.types.formats import FORMATS

    return FORMATS[name](value) is True
