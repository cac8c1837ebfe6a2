"""Type references in Go: the type's expression, and the codec's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from magicflow_cli.generate.lower.go.sinks import json_text, string_literal
from magicflow_cli.plan import models as plan
from magicflow_cli.plan.naming import name_of_type
from magicflow_cli.record import Value


class GoType(Value):
    """`go` is the type, `codec` the expression of its codec. `shape` is `struct`,
    `list`, `map` or `plain`: it says how absence is told."""

    go: str
    codec: str
    shape: str = "plain"


BUILT_IN = {
    "any": GoType("mf.Raw", "mf.Any()", "list"),
    "null": GoType("mf.Null", "mf.NullOnly()"),
    "boolean": GoType("bool", "mf.Bool()"),
    "integer": GoType("int64", "mf.Integer()"),
    "number": GoType("float64", "mf.Float()"),
    "string": GoType("string", "mf.String()"),
    "object": GoType("map[string]any", "mf.FreeObject()", "map"),
    "array": GoType("[]any", "mf.FreeList()", "list"),
}
_TEXTS = {
    "date-time": "mf.DateTime",
    "date": "mf.Date",
    "uuid": "mf.UUID",
    "decimal": "mf.Decimal",
    "int64": "mf.Int64Text",
}
_NUMBER_RULES = {
    "minimum": "Minimum",
    "maximum": "Maximum",
    "exclusive_minimum": "ExclusiveMinimum",
    "exclusive_maximum": "ExclusiveMaximum",
}


class References:
    """What the references of one plan are in Go, seen from another package where the
    types' package has a name."""

    def __init__(self, types: Mapping[str, plan.TypeDef], package: str = "") -> None:
        self.types = types
        self._prefix = f"{package}." if package else ""
        self._named_lists = _inline_cycles(types)
        self._pointers = _direct_cycles(types, self)
        self._made: dict[str, GoType] = {}

    def of(self, ref: plan.TypeRef) -> GoType:
        """A reference where a value must be."""
        id, nullable = self.resolve(ref)
        base = self._base(id)
        if nullable and id not in ("any", "null"):
            return GoType(f"*{base.go}", f"mf.Nullable({base.codec})")
        return base

    def inside(self, owner: str, ref: plan.TypeRef) -> GoType:
        """A reference that a struct holds itself; behind a pointer where the struct
        would hold itself otherwise."""
        id, nullable = self.resolve(ref)
        if not nullable and (owner, id) in self._pointers:
            base = self._base(id)
            return GoType(f"*{base.go}", f"mf.Pointer({base.codec})")
        return self.of(ref)

    def bare(self, ref: plan.TypeRef) -> GoType:
        """A reference without its null."""
        return self._base(self.resolve(ref)[0])

    def is_nullable(self, ref: plan.TypeRef) -> bool:
        id, nullable = self.resolve(ref)
        return nullable and id not in ("any", "null")

    def resolve(self, ref: plan.TypeRef) -> tuple[str, bool]:
        """Id and nullability behind all aliases."""
        id, nullable = ref.type, bool(ref.nullable)
        while id not in BUILT_IN:
            definition = self.types[id]
            if not isinstance(definition, plan.AliasType):
                break
            id, nullable = definition.of.type, nullable or bool(definition.of.nullable)
        return id, nullable

    def is_named(self, id: str) -> bool:
        """Whether a type has a declaration of its own."""
        match self.types.get(id):
            case plan.ObjectType() | plan.TupleType() | plan.UnionType():
                return True
            case plan.EnumType(base=base):
                return base != "mixed"
        return id in self._named_lists

    def _base(self, id: str) -> GoType:
        if id in BUILT_IN:
            return BUILT_IN[id]
        found = self._made.get(id)
        if found is None:
            found = self._made[id] = self._make(id)
        return found

    def _make(self, id: str) -> GoType:
        definition = self.types[id]
        if self.is_named(id):
            name = self._prefix + name_of_type(definition.name, "go")
            return GoType(name, f"mf.Of[{name}]()", self._shape(definition))
        return self.written_out(id)

    @staticmethod
    def _shape(definition: plan.TypeDef) -> str:
        match definition:
            case plan.ArrayType():
                return "list"
            case plan.MapType():
                return "map"
            case plan.EnumType():
                return "plain"
        return "struct"

    def written_out(self, id: str, name: str = "") -> GoType:
        """The type as an expression, under `name` where it is declared."""
        match self.types[id]:
            case plan.StringType() as string:
                return _string(string)
            case plan.IntegerType() as integer:
                rules = _number_rules(integer)
                if integer.bits == 32:
                    return GoType("int32", f"mf.Int32({rules})")
                return GoType("int64", f"mf.Integer({rules})")
            case plan.NumberType() as number:
                return GoType("float64", f"mf.Float({_number_rules(number)})")
            case plan.EnumType() as enum:
                texts = ", ".join(json_text(value) for value in enum.values)
                return GoType("mf.Raw", f"mf.OneOfTexts({texts})", "list")
            case plan.ArrayType() as array:
                item = self.of(array.items)
                rules = _joined(["", *_list_rules(array)])
                go = f"[]{item.go}"
                codec = f"mf.List[{name or go}]({item.codec}{rules})"
                return GoType(go, codec, "list")
            case plan.MapType() as map:
                value = self.of(map.values)
                rules = _joined(["", *name_rules(map)])
                go = f"map[string]{value.go}"
                return GoType(go, f"mf.Map[{name or go}]({value.codec}{rules})", "map")
        return GoType("mf.Never", "mf.NeverAny()")


def _joined(rules: Iterable[str]) -> str:
    return ", ".join(rules)


def _string(string: plan.StringType) -> GoType:
    rules = []
    if string.min_length:
        rules.append(f"mf.MinLength({string.min_length})")
    if string.max_length is not None:
        rules.append(f"mf.MaxLength({string.max_length})")
    if string.format and string.format != "byte":
        rules.append(f"mf.Format({string_literal(string.format)})")
    rules += [f"mf.Pattern({string_literal(text)})" for text in string.patterns or ()]
    shown = _joined(rules)
    if string.format == "byte":
        return GoType("[]byte", f"mf.Bytes({shown})", "list")
    if string.format in _TEXTS:
        go = _TEXTS[string.format]
        return GoType(go, f"mf.Text[{go}]({shown})")
    return GoType("string", f"mf.String({shown})")


def _number_rules(number: plan.IntegerType | plan.NumberType) -> str:
    rules = [
        f"mf.{function}({string_literal(getattr(number, key))})"
        for key, function in _NUMBER_RULES.items()
        if getattr(number, key) is not None
    ]
    steps = number.multiple_of or ()
    return _joined(rules + [f"mf.MultipleOf({string_literal(s)})" for s in steps])


def _list_rules(array: plan.ArrayType) -> list[str]:
    rules = []
    if array.min_items:
        rules.append(f"mf.MinItems({array.min_items})")
    if array.max_items is not None:
        rules.append(f"mf.MaxItems({array.max_items})")
    return rules + (["mf.UniqueItems()"] if array.unique else [])


def name_rules(of: plan.MapType | plan.ObjectType) -> list[str]:
    """How many members, and how those are named that no field declares."""
    rules = []
    if of.min_properties:
        rules.append(f"mf.MinProperties({of.min_properties})")
    if of.max_properties is not None:
        rules.append(f"mf.MaxProperties({of.max_properties})")
    if of.key_min_length:
        rules.append(f"mf.KeyMinLength({of.key_min_length})")
    if of.key_max_length is not None:
        rules.append(f"mf.KeyMaxLength({of.key_max_length})")
    patterns = of.key_patterns or ()
    return rules + [f"mf.KeyPattern({string_literal(text)})" for text in patterns]


def _inline_cycles(types: Mapping[str, plan.TypeDef]) -> frozenset[str]:
    """Lists and maps that contain themselves with nothing between that has a name."""
    edges: dict[str, list[str]] = {}
    for id, definition in types.items():
        match definition:
            case plan.ArrayType(items=ref) | plan.MapType(values=ref):
                edges[id] = [ref.type]
            case plan.AliasType(of=ref):
                edges[id] = [ref.type]
    groups = components(edges)
    return frozenset(
        id
        for id, targets in edges.items()
        if not isinstance(types[id], plan.AliasType)
        and any(groups.get(target) == groups[id] for target in targets)
    )


def _direct_cycles(
    types: Mapping[str, plan.TypeDef], references: References
) -> frozenset[tuple[str, str]]:
    """Pairs of structs of which the first would hold the second, and itself by that."""
    edges: dict[str, list[str]] = {}
    for id, definition in types.items():
        match definition:
            case plan.ObjectType():
                held = [f.type for f in definition.fields.values() if f.required]
            case plan.TupleType():
                held = definition.items
            case _:
                continue
        resolved = [references.resolve(ref) for ref in held]
        edges[id] = [target for target, nullable in resolved if not nullable]
    groups = components(edges)
    return frozenset(
        (id, target)
        for id, targets in edges.items()
        for target in targets
        if groups.get(target) == groups[id]
    )


def components(edges: Mapping[str, list[str]]) -> dict[str, int]:
    """Strongly connected components by Tarjan's algorithm, without recursion: the
    number of each node's component."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    found: dict[str, int] = {}
    stack: list[str] = []
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in edges:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    work.append((target, iter(edges[target])))
                    break
                if target not in found:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        found[member] = index[node]
                        if member == node:
                            break
    return found
