"""Secrets: in clear text, undeclared, or on their way to where they are stored."""

from __future__ import annotations

import re
from collections.abc import Iterator

from magicflow_cli.check.dataflow.sites import Site, sites
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.check.policies import spec_of
from magicflow_cli.diagnostics import Report, Span
from magicflow_cli.diagnostics.codes import MF8001, MF8002, MF8003, MF8004, MF8005
from magicflow_cli.diagnostics.suggestion import suggest
from magicflow_cli.load.nodes import Mapping, Node, Scalar, Sequence
from magicflow_cli.plan import models as plan

_SECRET_WORDS = frozenset(
    (
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "signingkey",
        "clientsecret",
        "credential",
        "credentials",
        "authtoken",
        "accesstoken",
        "refreshtoken",
        "bearertoken",
        "apitoken",
        "authorization",
        "proxyauthorization",
        "xapikey",
        "cookie",
    )
)
_TOKEN_WORDS = frozenset(("token",))
_SCHEMES = re.compile(r"(?i)(bearer|basic|token|apikey)\s+(\S+)")
_USER_INFO = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@${]+:([^/\s@${]+)@")
_KNOWN_FORMS = re.compile(
    r"(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|sk_live_[A-Za-z0-9]{16,}"
    r"|xox[baprs]-[A-Za-z0-9-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})"
)


def check_clear_text(checked: CheckedWorkflow, report: Report) -> None:
    """Literals that look like secrets, by their key or by their form."""
    seen: set[Scalar] = set()
    for node, member in _texts(checked):
        for name, scalar in _literals(node, member):
            if scalar in seen:
                continue
            seen.add(scalar)
            reason = _looks_secret(name, scalar)
            if reason is not None:
                wanted = re.sub(r"[^A-Za-z0-9]+", "_", name or "secret").strip("_")
                report.add(
                    MF8001,
                    f"{reason} stands in clear text",
                    scalar.span(),
                    help=f"write `${{secrets.{wanted.upper()}}}` and give the value to"
                    " the executor or server that uses it, in its environment; change"
                    " the secret if this file was shared",
                )


def _texts(checked: CheckedWorkflow) -> Iterator[tuple[Node, str]]:
    """Mapping values, with the member that they fill, and what notifications say."""
    for site in sites(checked):
        yield site.node, site.member
    handling = spec_of(checked).get("error_handling")
    notification = (
        handling.get("notification") if isinstance(handling, Mapping) else None
    )
    if notification is not None:
        yield notification, ""


def _literals(node: Node, name: str) -> Iterator[tuple[str, Scalar]]:
    """Scalars of a mapping value with the key that they stand under."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _literals(value, key)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _literals(item, name)
    elif isinstance(node.value, str):
        yield name, node


def _looks_secret(name: str, scalar: Scalar) -> str | None:
    text = scalar.text
    if _KNOWN_FORMS.search(text):
        return "a key or token"
    if _USER_INFO.search(text):
        return "a password in a URL"
    if text.startswith(("$.", "$")) or "${" in text or len(text) < 4:
        return None
    words = re.sub(r"[^a-z0-9]", "", name.lower())
    if words in ("authorization", "proxyauthorization"):
        scheme = _SCHEMES.fullmatch(text)
        return f"the value of `{name}`" if scheme is not None else None
    if words in _SECRET_WORDS or words.endswith(("password", "apikey", "secretkey")):
        return f"the value of `{name}`"
    if words in _TOKEN_WORDS and len(text) >= 16 and re.fullmatch(r"[\w.+/=-]+", text):
        return f"the value of `{name}`"
    return None


# -- ${secrets.X}


def check_secret_names(checked: CheckedWorkflow, report: Report) -> None:
    """`security.secrets`, where it is written, lists every secret that is used."""
    security = spec_of(checked).get("security")
    listed = security.get("secrets") if isinstance(security, Mapping) else None
    if not isinstance(listed, Sequence):
        return
    names = {item.text: item for item in listed.items if isinstance(item, Scalar)}
    used: set[str] = set()
    for secret, span in _used_secrets(checked):
        used.add(secret)
        if secret in names:
            continue
        near = suggest(secret, names)
        report.add(
            MF8002,
            f"the secret `{secret}` is not listed under `security.secrets`",
            span,
            help=f"did you mean `{near}`?" if near else f"add `{secret}` to the list",
        )
    for name, item in names.items():
        if name not in used:
            report.add(
                MF8005,
                f"the secret `{name}` is listed and never used",
                item.span(),
                help="take it off the list, so that nobody has to provide it",
            )


def _used_secrets(checked: CheckedWorkflow) -> Iterator[tuple[str, Span]]:
    for site in sites(checked):
        value = checked.values.get(site.node)
        for secret in secrets_in(value) if value is not None else ():
            if secret.from_ == "secrets":
                yield secret.name, _span_of(site.node, secret.name)


def secrets_in(expr: plan.Expr) -> Iterator[plan.SecretExpr]:
    """Every `${secrets.X}` and `${env.X}` of a value."""
    match expr:
        case plan.SecretExpr():
            yield expr
        case plan.ObjectExpr(members=members):
            for value in members.values():
                yield from secrets_in(value)
        case plan.ArrayExpr(items=parts) | plan.TemplateExpr(parts=parts):
            for value in parts:
                yield from secrets_in(value)
        case _:
            return


def _span_of(node: Node, name: str) -> Span:
    """The place of `${secrets.NAME}` in a value, else of the value."""
    pattern = re.compile(r"\$\{\s*secrets\." + re.escape(name) + r"\s*\}")
    for _, scalar in _literals(node, ""):
        found = pattern.search(scalar.text)
        if found is not None:
            return scalar.at(found.start(), found.end())
    return node.span()


_STORED: dict[str, str] = {
    "run-output": "the run's output, which is stored and returned",
    "output": "a step's outputs, which are stored in the run's history",
    "trigger-input": "the run's input, which is stored",
}
_STORED_KEYS: dict[str, str] = {
    "message": "an error's message, which is stored and logged",
    "details": "an error's details, which are stored and logged",
    "data": "an event, which everybody who listens can read",
    "title": "a task's title, which people see",
    "description": "a task's description, which people see",
    "assignee": "a task's assignee, which people see",
    "collect": "a loop's result, which is stored in the run's history",
    "branch-output": "a branch's output, which is stored in the run's history",
    "correlate": "what an event is compared with; events hold no secrets",
    "until": "a date-time",
}


def check_secret_flow(checked: CheckedWorkflow, report: Report) -> None:
    """Secrets are for functions and requests; whatever is stored, printed or sent to
    others would hold them, or a useless placeholder."""
    for site in sites(checked):
        value = checked.values.get(site.node)
        names = (
            [s.name for s in secrets_in(value) if s.from_ == "secrets"] if value else []
        )
        if not names:
            continue
        where = _stored_in(site)
        for name in dict.fromkeys(names):
            span = _span_of(site.node, name)
            if where is not None:
                report.add(
                    MF8003,
                    f"the secret `{name}` flows into {where}",
                    span,
                    help="give it to the function or request that needs it, in `input`,"
                    " `headers` or `body`, and nowhere else",
                )
            elif site.key in ("url", "query"):
                report.add(
                    MF8004,
                    f"the secret `{name}` is part of a URL, and URLs are logged",
                    span,
                    help="send it in a header: `headers: {Authorization: "
                    f'"Bearer ${{secrets.{name}}}"}}`',
                )


def _stored_in(site: Site) -> str | None:
    step = site.scope.step
    if site.purpose == "input" and step is not None and step.type == "workflow":
        return "the input of another workflow, which is stored"
    if site.purpose == "input" and step is not None and step.type == "human_task":
        return "a task's input, which people see"
    return _STORED.get(site.purpose) or _STORED_KEYS.get(site.key)
