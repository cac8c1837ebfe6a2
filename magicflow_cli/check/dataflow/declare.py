"""The types that documents declare: input, output, functions, events, forms."""

from __future__ import annotations

from magicflow_cli.check.model import CheckedWorkflow, FunctionInfo, StepInfo
from magicflow_cli.check.types import TypeTable
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence
from magicflow_cli.plan import models as plan

ANY = plan.TypeRef(type="any")


def declare_types(checked: CheckedWorkflow, table: TypeTable) -> None:
    """Fill input and output type, functions with what is declared, events and
    `listen_types`; definitions are shared with every schema."""
    spec = _mapping(checked.document.root, "spec")
    name = checked.workflow.metadata.name
    context = checked.context_document
    source, prefix = spec, f"{name}#"
    if context is not None and checked.context is not None:
        found = _mapping(context.root, "spec")
        if found is not None:
            source, prefix = found, f"{checked.context.metadata.name}#"
            table.share(found, prefix)
            table.add_definitions()
    own_prefix = f"{name}#/spec"
    checked.input_type = _run_type(
        table, spec, own_prefix, source, prefix, "input", name
    )
    checked.output_type = _run_type(
        table, spec, own_prefix, source, prefix, "output", name
    )
    _declare_functions(checked, table, source, prefix)
    _declare_events(checked, table, source, prefix)
    for step in checked.steps.values():
        _declare_form(checked, table, step, f"{own_prefix}/steps/{escaped(step.name)}")


def _run_type(
    table: TypeTable,
    spec: Mapping | None,
    own_prefix: str,
    source: Mapping | None,
    prefix: str,
    side: str,
    name: str,
) -> plan.TypeRef | None:
    key = f"{side}_schema"
    own = spec.get(key) if spec is not None else None
    if own is not None:
        return table.add_schema(own, f"{own_prefix}/{key}", [name, side], named=True)
    shared = source.get(key) if source is not None and source is not spec else None
    if shared is None:
        return None
    return table.add_schema(shared, f"{prefix}/{key}", [name, side], named=True)


# -- functions


def _declare_functions(
    checked: CheckedWorkflow, table: TypeTable, source: Mapping | None, prefix: str
) -> None:
    declared = _mapping(source, "functions")
    for executor, function, step, calls in called_functions(checked):
        key = f"{executor}/{function}"
        info = checked.functions.get(key)
        if info is None:
            info = _function(table, declared, prefix, executor, function)
            checked.functions[key] = info
        if calls and step not in info.steps:
            info.steps.append(step)


def called_functions(
    checked: CheckedWorkflow,
) -> list[tuple[str, str, StepInfo, bool]]:
    """Every call: executor, function, step; False for the call that undoes the step."""
    found: list[tuple[str, str, StepInfo, bool]] = []
    for step in checked.steps.values():
        if step.type == "function" and step.executor and step.function:
            found.append((step.executor, step.function, step, True))
        undo = undo_function(checked, step)
        if undo is not None:
            found.append((*undo, step, False))
    return found


def undo_function(checked: CheckedWorkflow, step: StepInfo) -> tuple[str, str] | None:
    """Executor and function of a step's compensation."""
    undo = step.node.get("compensation") if step.node is not None else None
    if not isinstance(undo, Mapping):
        return None
    function = undo.get("function")
    if not isinstance(function, Scalar):
        return None
    executor = undo.get("executor")
    if isinstance(executor, Scalar):
        return executor.text, function.text
    spec = _mapping(checked.document.root, "spec")
    default = spec.get("executor") if spec is not None else None
    name = default.text if isinstance(default, Scalar) else None
    return step.executor or name or checked.workflow.metadata.name, function.text


def _function(
    table: TypeTable,
    declared: Mapping | None,
    prefix: str,
    executor: str,
    function: str,
) -> FunctionInfo:
    node = _mapping(declared, function)
    pointer = f"{prefix}/functions/{escaped(function)}"
    types: dict[str, plan.TypeRef] = {}
    for side in ("input", "output"):
        schema = node.get(f"{side}_schema") if node is not None else None
        if schema is not None:
            types[side] = table.add_schema(
                schema, f"{pointer}/{side}_schema", [function, side], named=True
            )
    return FunctionInfo(
        executor=executor,
        function=function,
        input=types.get("input", ANY),
        output=types.get("output", ANY),
        input_declared="input" in types,
        output_declared="output" in types,
        errors=_errors(table, node, pointer, function),
        steps=[],
    )


def _errors(
    table: TypeTable, node: Mapping | None, pointer: str, function: str
) -> dict[str, plan.FunctionError]:
    errors = _mapping(node, "errors")
    found: dict[str, plan.FunctionError] = {}
    for code, entry in errors.items() if errors is not None else ():
        details: plan.TypeRef | None = None
        retryable, description = True, None
        if isinstance(entry, Mapping):
            retryable = _boolean(entry.get("retryable"), True)
            text = entry.get("description")
            description = text.text if isinstance(text, Scalar) else None
            schema = entry.get("details")
            if schema is not None:
                details = table.add_schema(
                    schema,
                    f"{pointer}/errors/{escaped(code)}/details",
                    [function, code, "details"],
                )
        found[code] = plan.FunctionError(
            retryable=retryable, description=description, details=details
        )
    return found


# -- events and forms


def _declare_events(
    checked: CheckedWorkflow, table: TypeTable, source: Mapping | None, prefix: str
) -> None:
    declared = _mapping(source, "events")
    for step in checked.steps.values():
        if step.type not in ("emit", "wait_for_event") or step.node is None:
            continue
        name = step.node.get("event")
        if not isinstance(name, Scalar):
            continue
        ref = _event_type(checked, table, declared, prefix, name.text)
        own = step.node.get("schema")
        if own is not None:
            id = f"{checked.workflow.metadata.name}#/spec/steps/{escaped(step.name)}/schema"
            ref = table.add_schema(own, id, [step.name, "event"])
        known = checked.events.get(name.text)
        listens = step.type == "wait_for_event"
        event_type = (
            ref
            if known is None or (own is not None and known.type == ANY)
            else known.type
        )
        checked.events[name.text] = plan.Event(
            name=name.text,
            type=event_type,
            listens=listens or bool(known and known.listens),
            emits=not listens or bool(known and known.emits),
        )
        if listens:
            checked.listen_types[step.name] = ref
    _declare_triggers(checked, table, declared, prefix)


def _declare_triggers(
    checked: CheckedWorkflow, table: TypeTable, declared: Mapping | None, prefix: str
) -> None:
    """Events that start a run are listened to as well."""
    spec = _mapping(checked.document.root, "spec")
    triggers = spec.get("triggers") if spec is not None else None
    for item in triggers.items if isinstance(triggers, Sequence) else []:
        name = item.get("event") if isinstance(item, Mapping) else None
        if isinstance(name, Scalar):
            known = checked.events.get(name.text)
            ref = _event_type(checked, table, declared, prefix, name.text)
            checked.events[name.text] = plan.Event(
                name=name.text,
                type=known.type if known is not None else ref,
                listens=True,
                emits=bool(known and known.emits),
            )


def _event_type(
    checked: CheckedWorkflow,
    table: TypeTable,
    declared: Mapping | None,
    prefix: str,
    name: str,
) -> plan.TypeRef:
    schema = declared.get(name) if declared is not None else None
    if schema is None:
        return ANY
    known = checked.events.get(name)
    if known is not None and known.type != ANY:
        return known.type
    return table.add_schema(schema, f"{prefix}/events/{escaped(name)}", [name])


def _declare_form(
    checked: CheckedWorkflow, table: TypeTable, step: StepInfo, id: str
) -> None:
    if step.type != "human_task" or step.node is None:
        return
    form = step.node.get("form")
    if form is not None:
        checked.listen_types[step.name] = table.add_schema(
            form, f"{id}/form", [step.name, "form"]
        )


def _mapping(node: Node | None, key: str) -> Mapping | None:
    found = node.get(key) if isinstance(node, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _boolean(node: Node | None, default: bool) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    return default


def escaped(text: str) -> str:
    """A name as a token of a JSON pointer."""
    return text.replace("~", "~0").replace("/", "~1")
