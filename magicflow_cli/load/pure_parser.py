"""The pure Python parser of YAML events: PyYAML's, made to agree with libyaml.

PyYAML and libyaml began as one program and drifted apart, over tabs, `?` and `:` inside
brackets, tags, directives and the places of errors. Each method here has libyaml's rule
where PyYAML's differs; tests hold the two together over a corpus. Texts come without
U+0085, U+2028 and U+2029, which are no line breaks in YAML 1.2.
"""

# mypy: disable-error-code="no-untyped-call"
# PyYAML's stubs leave the methods of its scanner and parser untyped.

from __future__ import annotations

from typing import Any, Final, NoReturn

from yaml.events import ScalarEvent
from yaml.parser import Parser, ParserError
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import (
    DirectiveToken,
    FlowEntryToken,
    FlowMappingEndToken,
    FlowSequenceEndToken,
    ScalarToken,
    TagToken,
    ValueToken,
)

_BLANK: Final = " \t"
_BREAK: Final = "\r\n"
_BREAK_END: Final = "\r\n\0"
_BLANK_END: Final = " \t\r\n\0"
_FLOW: Final = ",[]{}"
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_DIGITS: Final = frozenset("0123456789")
_NAME: Final = frozenset(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-"
)
_TAG: Final = _NAME | frozenset(";/?:@&=+$.!~*'()")
_VERBATIM: Final = _TAG | frozenset(",[]")
_VERSION_DIGITS: Final = 9


class PureParser(Reader, Scanner, Parser):
    """Events of one text, as `yaml.cyaml.CParser` gives them."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    # Between tokens

    def scan_to_next_token(self) -> None:
        while True:
            while self.peek() == " " or (
                self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)
            ):
                self.forward()
            self._skip_comment()
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def _skip_comment(self) -> None:
        if self.peek() == "#":
            while self.peek() not in _BREAK_END:
                self.forward()

    def _skip_blanks(self) -> None:
        while self.peek() in _BLANK:
            self.forward()

    def _at_document_indicator(self) -> bool:
        return (
            self.column == 0
            and self.prefix(3) in ("---", "...")
            and self.peek(3) in _BLANK_END
        )

    def fetch_stream_end(self) -> None:
        for key in self.possible_simple_keys.values():
            if key.required:
                self._fail(
                    "while scanning a simple key",
                    key.mark,
                    "could not find expected ':'",
                )
        Scanner.fetch_stream_end(self)

    # Plain scalars

    def scan_plain(self) -> ScalarToken:
        start = end = self.get_mark()
        indent = self.indent + 1
        chunks: list[str] = []
        spaces = ""
        breaks = 0
        while not self._at_document_indicator() and self.peek() != "#":
            length = self._plain_length(start)
            if length:
                if breaks:
                    chunks.append("\n" * (breaks - 1) or " ")
                    breaks = 0
                else:
                    chunks.append(spaces)
                chunks.append(self.prefix(length))
                self.forward(length)
                end = self.get_mark()
                self.allow_simple_key = False
            if self.peek() not in _BLANK + _BREAK:
                break
            spaces, breaks = self._plain_spaces(start, indent)
            if not self.flow_level and self.column < indent:
                break
        if breaks:
            self.allow_simple_key = True
        return ScalarToken("".join(chunks), True, start, end)

    def _plain_length(self, start: Any) -> int:
        length = 0
        while True:
            char = self.peek(length)
            if char in _BLANK_END:
                return length
            after = self.peek(length + 1) if char == ":" else ""
            if self.flow_level and after and after in "?" + _FLOW:
                self.forward(length)
                self._fail(
                    "while scanning a plain scalar", start, "found unexpected ':'"
                )
            if (after and after in _BLANK_END) or (self.flow_level and char in _FLOW):
                return length
            length += 1

    def _plain_spaces(self, start: Any, indent: int) -> tuple[str, int]:
        """The blanks up to the next text and the number of line breaks among them."""
        spaces = ""
        breaks = 0
        while (char := self.peek()) in _BLANK + _BREAK:
            if char in _BREAK:
                self.scan_line_break()
                breaks += 1
                continue
            if breaks and char == "\t" and self.column < indent:
                self._fail(
                    "while scanning a plain scalar",
                    start,
                    "found a tab character that violates indentation",
                )
            spaces += char
            self.forward()
        return spaces, breaks

    # Quoted scalars

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Any) -> list[str]:
        chunks: list[str] = []
        quote = '"' if double else "'"
        while True:
            length = 0
            while self.peek(length) not in "'\"\\" + _BLANK_END:
                length += 1
            chunks.append(self.prefix(length))
            self.forward(length)
            char = self.peek()
            if not double and char == "'" and self.peek(1) == "'":
                chunks.append("'")
                self.forward(2)
            elif double and char == "\\":
                if self.peek(1) in _BREAK:
                    self.forward()
                    self.scan_line_break()
                    chunks += self.scan_flow_scalar_breaks(double, start_mark)
                else:
                    chunks.append(self._escape(start_mark))
            elif char in _BLANK_END or char == quote:
                return chunks
            else:
                chunks.append(char)
                self.forward()

    def _escape(self, start: Any) -> str:
        context = "while parsing a quoted scalar"
        letter = self.peek(1)
        if letter in self.ESCAPE_REPLACEMENTS:
            self.forward(2)
            replacement: str = self.ESCAPE_REPLACEMENTS[letter]
            return replacement
        length = self.ESCAPE_CODES.get(letter)
        if length is None:
            self._fail(context, start, "found unknown escape character")
        self.forward(2)
        digits = self.prefix(length)
        if len(digits) < length or not _HEX.issuperset(digits):
            self._fail(context, start, "did not find expected hexdecimal number")
        code = int(digits, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            self._fail(context, start, "found invalid Unicode character escape code")
        self.forward(length)
        return chr(code)

    # Block scalars

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[Any, Any]:
        chomping: bool | None = None
        increment: int | None = None
        for _ in range(2):
            char = self.peek()
            if char in "+-" and chomping is None:
                chomping = char == "+"
            elif char in _DIGITS and increment is None:
                increment = int(char)
            else:
                break
            if increment == 0:
                self._fail(
                    "while scanning a block scalar",
                    start_mark,
                    "found an indentation indicator equal to 0",
                )
            self.forward()
        self._block_start = start_mark
        return chomping, increment

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> None:
        self._skip_blanks()
        self._skip_comment()
        if self.peek() not in _BREAK_END:
            self._fail(
                "while scanning a block scalar",
                start_mark,
                "did not find expected comment or line break",
            )
        self.scan_line_break()

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, Any]:
        chunks: list[str] = []
        max_indent = 0
        end = self.get_mark()
        while True:
            while self.peek() == " ":
                self.forward()
            max_indent = max(max_indent, self.column)
            if self.peek() == "\t":
                self._fail_tab()
            if self.peek() not in _BREAK:
                return chunks, max_indent, end
            chunks.append(self.scan_line_break())
            end = self.get_mark()

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], Any]:
        chunks: list[str] = []
        end = self.get_mark()
        while True:
            while self.column < indent and self.peek() == " ":
                self.forward()
            if self.column < indent and self.peek() == "\t":
                self._fail_tab()
            if self.peek() not in _BREAK:
                return chunks, end
            chunks.append(self.scan_line_break())
            end = self.get_mark()

    def _fail_tab(self) -> NoReturn:
        self._fail(
            "while scanning a block scalar",
            self._block_start,
            "found a tab character where an indentation space is expected",
        )

    # Tags

    def scan_tag(self) -> TagToken:
        start = self.get_mark()
        if self.peek(1) == "<":
            self.forward(2)
            handle, suffix = None, self._tag_uri(_VERBATIM, start, "")
            if self.peek() != ">":
                self._fail(
                    "while scanning a tag", start, "did not find the expected '>'"
                )
            self.forward()
        else:
            written = self._tag_handle()
            if len(written) > 1 and written.endswith("!"):
                handle, suffix = written, self._tag_uri(_TAG, start, "")
            else:
                rest = self._tag_uri(_TAG, start, written)
                handle, suffix = ("!", rest) if rest else (None, "!")
        if self.peek() not in _BLANK_END and not (
            self.flow_level and self.peek() == ","
        ):
            self._fail(
                "while scanning a tag",
                start,
                "did not find expected whitespace or line break",
            )
        return TagToken((handle, suffix), start, self.get_mark())

    def _tag_handle(self) -> str:
        length = 1
        while self.peek(length) in _NAME:
            length += 1
        if self.peek(length) == "!":
            length += 1
        handle: str = self.prefix(length)
        self.forward(length)
        return handle

    def _tag_uri(self, allowed: frozenset[str], start: Any, head: str) -> str:
        chunks = [head[1:]]
        while (char := self.peek()) in allowed or char == "%":
            if char == "%":
                chunks.append(self.scan_uri_escapes("tag", start))
            else:
                chunks.append(char)
                self.forward()
        if len(chunks) == 1 and not head:
            self._fail("while parsing a tag", start, "did not find expected tag URI")
        return "".join(chunks)

    # Directives

    def scan_directive(self) -> DirectiveToken:
        start = self.get_mark()
        self.forward()
        length = 0
        while self.peek(length) in _NAME:
            length += 1
        name = self.prefix(length)
        self.forward(length)
        context = "while scanning a directive"
        if not name or self.peek() not in _BLANK_END:
            self._fail(context, start, "could not find expected directive name")
        self._skip_blanks()
        value: Any
        if name == "YAML":
            value = self._version(start)
        elif name == "TAG":
            value = self._tag_directive(start)
        else:
            self._fail(context, start, "found unknown directive name")
        end = self.get_mark()
        self._skip_blanks()
        self._skip_comment()
        if self.peek() not in _BREAK_END:
            self._fail(context, start, "did not find expected comment or line break")
        self.scan_line_break()
        return DirectiveToken(name, value, start, end)

    def _version(self, start: Any) -> tuple[int, int]:
        major = self._version_number(start)
        if self.peek() != ".":
            self._fail(
                "while scanning a %YAML directive",
                start,
                "did not find expected digit or '.' character",
            )
        self.forward()
        minor = self._version_number(start)
        return major, minor

    def _version_number(self, start: Any) -> int:
        length = 0
        while self.peek(length) in _DIGITS:
            length += 1
        if not 0 < length <= _VERSION_DIGITS:
            self._fail(
                "while scanning a %YAML directive",
                start,
                "did not find expected version number",
            )
        number = int(self.prefix(length))
        self.forward(length)
        return number

    def _tag_directive(self, start: Any) -> tuple[str, str]:
        context = "while scanning a tag directive"
        handle = self._tag_handle() if self.peek() == "!" else ""
        if not handle.endswith("!") or self.peek() not in _BLANK:
            self._fail(context, start, "did not find expected '!'")
        self._skip_blanks()
        prefix = self._tag_uri(_VERBATIM, start, "")
        if self.peek() not in _BLANK_END:
            self._fail(context, start, "did not find expected whitespace or line break")
        return handle, prefix

    def process_directives(self) -> Any:
        mark = self.peek_token().start_mark
        directives = Parser.process_directives(self)
        if self.yaml_version not in (None, (1, 1), (1, 2)):
            raise ParserError(None, None, "found incompatible YAML document", mark)
        return directives

    # Brackets

    def parse_flow_sequence_entry_mapping_key(self) -> Any:
        self.get_token()
        if self.check_token(ValueToken, FlowEntryToken, FlowSequenceEndToken):
            # libyaml swallows this token, so that `[?]` and `[? : a]` are errors.
            token = self.get_token()
            self.state = self.parse_flow_sequence_entry_mapping_value
            return self.process_empty_scalar(token.end_mark)
        self.states.append(self.parse_flow_sequence_entry_mapping_value)
        return self.parse_flow_node()

    def parse_flow_sequence_entry_mapping_value(self) -> Any:
        if self.check_token(ValueToken):
            self.get_token()
            if not self.check_token(FlowEntryToken, FlowSequenceEndToken):
                self.states.append(self.parse_flow_sequence_entry_mapping_end)
                return self.parse_flow_node()
        self.state = self.parse_flow_sequence_entry_mapping_end
        return self.process_empty_scalar(self.peek_token().start_mark)

    def parse_flow_mapping_key(self, first: bool = False) -> Any:
        event = Parser.parse_flow_mapping_key(self, first)
        if type(event) is ScalarEvent and event.start_mark is event.end_mark:
            event.start_mark = event.end_mark = self.peek_token().start_mark
        return event

    def parse_flow_mapping_value(self) -> Any:
        if self.check_token(ValueToken):
            self.get_token()
            if not self.check_token(FlowEntryToken, FlowMappingEndToken):
                self.states.append(self.parse_flow_mapping_key)
                return self.parse_flow_node()
        self.state = self.parse_flow_mapping_key
        return self.process_empty_scalar(self.peek_token().start_mark)

    def _fail(self, context: str, start: Any, problem: str) -> NoReturn:
        raise ScannerError(context, start, problem, self.get_mark())
