"""The functions of the language: a closed table with types.

docs/expressions.md holds the same table for people; a test compares them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from magicflow_cli.record import Value

Type: TypeAlias = Literal[
    "any", "boolean", "number", "integer", "string", "list", "object", "path", "lambda"
]
"""What a parameter takes: a JSON type, `any`, a path (`exists` looks whether it is
there) or a lambda. Null fits `any` only."""

Returns: TypeAlias = Literal[
    "any",  # not known from the arguments' types
    "boolean",
    "number",
    "integer",
    "string",
    "date-time",
    "uuid",
    "strings",  # a list of strings
    "element",  # of the first argument's items, or null
    "extreme",  # of the first argument's items if it is a list, else of all arguments
    "elements",  # a list of the first argument's items
    "flat",  # a list of the items of the first argument's items
    "members",  # a list of the values of the first argument
    "bodies",  # a list of the lambda's result
    "coalesced",  # of all arguments, null only if the last may be null
]


_RESULTS: dict[str, str] = {
    "date-time": "string (date-time)",
    "uuid": "string (uuid)",
    "strings": "list of string",
    "element": "an item, or null",
    "extreme": "an item or argument, or null",
    "elements": "list of items",
    "flat": "list of the inner items",
    "members": "list of members",
    "bodies": "list of the lambda's results",
    "coalesced": "an argument",
}


class Parameter(Value):
    """`types` are alternatives; `item` narrows what a list may hold."""

    name: str
    types: tuple[Type, ...]
    item: tuple[Type, ...] = ("any",)
    optional: bool = False
    rest: bool = False
    pattern: bool = False  # a portable regular expression

    @property
    def signature(self) -> str:
        types = [
            (
                f"list of {' or '.join(self.item)}"
                if kind == "list" and self.item != ("any",)
                else kind
            )
            for kind in self.types
        ]
        name = f"{'…' if self.rest else ''}{self.name}{'?' if self.optional else ''}"
        return f"{name}: {' | '.join(types)}"


class Function(Value):
    """One function. `binds`: the second argument is a lambda over the list's items."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: Returns
    summary: str
    binds: bool = False
    nullable: bool = False  # may give null though no argument is null

    @property
    def least(self) -> int:
        return sum(not p.optional for p in self.parameters)

    @property
    def most(self) -> int | None:
        """How many arguments at most; None: any number."""
        if self.parameters and self.parameters[-1].rest:
            return None
        return len(self.parameters)

    @property
    def signature(self) -> str:
        """For example `substring(text: string, start: integer, end?: integer)`."""
        return f"{self.name}({', '.join(p.signature for p in self.parameters)})"

    @property
    def result(self) -> str:
        """What it gives, in words."""
        return _RESULTS.get(self.returns, self.returns)

    def parameter(self, index: int) -> Parameter:
        """The parameter that takes the argument at `index`."""
        return self.parameters[min(index, len(self.parameters) - 1)]


def _p(name: str, *types: Type, **more: bool) -> Parameter:
    return Parameter(name, types, **more)  # type: ignore[arg-type]


def _list(*item: Type) -> Parameter:
    return Parameter("items", ("list",), item or ("any",))


_TEXT = _p("text", "string")
_NUMBER = _p("number", "number")
_EACH = _p("each", "lambda")
_ORDERED: tuple[Type, ...] = ("number", "string")


def _extreme(name: str, word: str) -> Function:
    return Function(
        name,
        (
            Parameter("items", ("list", *_ORDERED), _ORDERED),
            _p("more", *_ORDERED, optional=True, rest=True),
        ),
        "extreme",
        f"the {word} of a list, or of the arguments; null for an empty list",
        nullable=True,
    )


_TABLE = (
    Function("now", (), "date-time", "the time of the event that is being decided"),
    Function("uuid", (), "uuid", "a UUID, the same at every replay"),
    Function(
        "length",
        (_p("value", "string", "list", "object"),),
        "integer",
        "code points of a text, items of a list, members of an object",
    ),
    Function("count", (_list(),), "integer", "items of a list"),
    Function(
        "contains",
        (_p("whole", "string", "list"), _p("part", "any")),
        "boolean",
        "whether a text has the other in it, or a list an equal item",
    ),
    Function(
        "starts_with",
        (_TEXT, _p("prefix", "string")),
        "boolean",
        "whether the text begins so",
    ),
    Function(
        "ends_with",
        (_TEXT, _p("suffix", "string")),
        "boolean",
        "whether the text ends so",
    ),
    Function(
        "matches",
        (_TEXT, _p("pattern", "string", pattern=True)),
        "boolean",
        "whether the portable regular expression is found in the text",
    ),
    Function("lower", (_TEXT,), "string", "A–Z as a–z, all else as it is"),
    Function("upper", (_TEXT,), "string", "a–z as A–Z, all else as it is"),
    Function(
        "trim",
        (_TEXT,),
        "string",
        "without blanks, tabs and line ends (U+0020, U+0009, U+000A, U+000D) at both ends",
    ),
    Function(
        "join",
        (_list("string"), _p("separator", "string")),
        "string",
        "the texts of a list, one after the other with the separator between",
    ),
    Function(
        "split",
        (_TEXT, _p("separator", "string")),
        "strings",
        "the pieces between the separators, which is plain text; every code point for ''",
    ),
    Function(
        "replace",
        (_TEXT, _p("old", "string"), _p("new", "string")),
        "string",
        "every `old`, which is plain text and not empty, replaced by `new`",
    ),
    Function(
        "substring",
        (_TEXT, _p("start", "integer"), _p("end", "integer", optional=True)),
        "string",
        "code points from `start` up to, without, `end`; negative counts from the end",
    ),
    _extreme("min", "least"),
    _extreme("max", "greatest"),
    Function("sum", (_list("number"),), "number", "the sum of a list; 0 if empty"),
    Function(
        "avg",
        (_list("number"),),
        "number",
        "the mean of a list; null if empty",
        nullable=True,
    ),
    Function("abs", (_NUMBER,), "number", "the absolute value"),
    Function("floor", (_NUMBER,), "integer", "the next integer that is not greater"),
    Function("ceil", (_NUMBER,), "integer", "the next integer that is not less"),
    Function(
        "round",
        (_NUMBER, _p("digits", "integer", optional=True)),
        "number",
        "rounded half to even, to 0–15 digits behind the point (default 0)",
    ),
    Function(
        "coalesce",
        (_p("value", "any"), _p("other", "any", optional=True, rest=True)),
        "coalesced",
        "the first argument that is there and not null, else null",
    ),
    Function(
        "exists",
        (_p("path", "path"),),
        "boolean",
        "whether the path selects anything; null is something",
    ),
    Function(
        "type_of",
        (_p("value", "any"),),
        "string",
        "`null`, `boolean`, `number`, `string`, `array` or `object`",
    ),
    Function(
        "to_string",
        (_p("value", "any"),),
        "string",
        "the text that interpolation prints",
    ),
    Function(
        "to_number",
        (_p("value", "string", "number"),),
        "number",
        "the number that the text is in JSON's notation",
    ),
    Function(
        "keys",
        (_p("object", "object"),),
        "strings",
        "the member names, in code point order",
    ),
    Function(
        "values",
        (_p("object", "object"),),
        "members",
        "the members' values, in the order of `keys`",
    ),
    Function("first", (_list(),), "element", "the first item, or null", nullable=True),
    Function("last", (_list(),), "element", "the last item, or null", nullable=True),
    Function(
        "sort",
        (_list(*_ORDERED),),
        "elements",
        "the items in ascending order, all numbers or all texts",
    ),
    Function(
        "unique",
        (_list(),),
        "elements",
        "the items without those that equal an earlier one",
    ),
    Function("flatten", (_list("list"),), "flat", "the items of the lists in a list"),
    Function(
        "map",
        (_list(), _EACH),
        "bodies",
        "the lambda's result for every item",
        binds=True,
    ),
    Function(
        "filter",
        (_list(), _EACH),
        "elements",
        "the items for which the lambda is true",
        binds=True,
    ),
)

FUNCTIONS: dict[str, Function] = {function.name: function for function in _TABLE}
