"""One workflow's data-flow analysis, from documents to types."""

from __future__ import annotations

from magicflow_cli.check import flow as control
from magicflow_cli.check.dataflow import facts
from magicflow_cli.check.dataflow import scope as scopes
from magicflow_cli.check.dataflow.conditions import parse_conditions
from magicflow_cli.check.dataflow.contracts import (
    check_default_inputs,
    check_fallbacks,
    check_loop_inputs,
    check_written_output,
)
from magicflow_cli.check.dataflow.declare import declare_types
from magicflow_cli.check.dataflow.defaults import fill_default_inputs
from magicflow_cli.check.dataflow.evaluate import Evaluator, Place
from magicflow_cli.check.dataflow.functions import (
    Inference,
    link_fallbacks,
    warn_untyped,
)
from magicflow_cli.check.dataflow.holes import Holes
from magicflow_cli.check.dataflow.members import Missing, member
from magicflow_cli.check.dataflow.outcomes import Outcomes, has_field
from magicflow_cli.check.dataflow.outputs import DefaultOutput
from magicflow_cli.check.dataflow.paths import paths_of
from magicflow_cli.check.dataflow.purposes import Purposes
from magicflow_cli.check.dataflow.resolve import Resolver
from magicflow_cli.check.dataflow.roots import Roots
from magicflow_cli.check.dataflow.sites import Site, sites
from magicflow_cli.check.dataflow.typed import (
    ANY,
    Form,
    Named,
    ObjectOf,
    Typed,
    of,
)
from magicflow_cli.check.flow_analysis import analyse
from magicflow_cli.check.model import CheckedWorkflow, StepInfo
from magicflow_cli.check.types import TypeTable
from magicflow_cli.diagnostics import Label, Report, Span
from magicflow_cli.diagnostics.codes import MF6106
from magicflow_cli.diagnostics.model import Code
from magicflow_cli.expr import ast, parse_expression, parse_value
from magicflow_cli.load.nodes import Mapping, Node
from magicflow_cli.plan import models as plan


class Analysis:
    """`run` goes through the phases in order; later ones read what earlier ones left
    in `checked` and here."""

    def __init__(self, checked: CheckedWorkflow, report: Report) -> None:
        self.checked = checked
        self.report = report
        self.table = TypeTable(report)
        checked.types = self.table.types
        checked.field_order = self.table.field_order
        checked.type_spans = self.table.spans
        self.holes = Holes()
        self.sites: dict[Node, Site] = {}
        self.types_of_sites: dict[Node, Typed] = {}
        self.open_sites: set[Node] = set()
        self.bits = {step: 1 << n for n, step in enumerate(checked.steps.values())}

    def run(self) -> None:
        checked = self.checked
        declare_types(checked, self.table)
        link_fallbacks(checked, self.holes)
        self._resolve()
        self._read_rules()
        fill_default_inputs(checked)
        self.flow = analyse(checked, self._proven)
        self._prepare()
        purposes = Purposes(checked, self.evaluator)
        for site in self.sites.values():
            if site.key != "conditions":  # typed where it is read, at a known place
                purposes.check(site, self._site_type(site.node))
        self._run_output()
        inference = Inference(
            checked,
            self.table,
            self.holes,
            self.outcomes,
            self._mapped("input"),
            self._mapped("compensation"),
        )
        check_default_inputs(checked, self.evaluator, inference)
        check_loop_inputs(checked, self.evaluator)
        check_fallbacks(checked, self.evaluator, self.outcomes)
        check_written_output(checked, self.evaluator)
        inference.run()
        warn_untyped(checked, self.report)
        self.table.finish()

    # -- resolving

    def _resolve(self) -> None:
        checked, report = self.checked, self.report
        conditions = parse_conditions(checked, self._parse_expression)
        self.outcomes = Outcomes(checked, checked.functions, self._site_type)
        self.resolver = Resolver(
            checked, report, conditions, self._field_known, self._length_is_field
        )
        found = list(sites(checked))
        parsed = {site.node: self._parse(site, conditions) for site in found}
        for site in found:
            self.sites[site.node] = site
            written = parsed[site.node]
            if written is None:
                checked.values[site.node] = self.resolver.origins.unknown()
            else:
                checked.values[site.node] = self.resolver.resolve_site(
                    written, site.scope
                )
                self._check_pii(site, written)
        self.parsed = parsed

    def _parse(self, site: Site, conditions: dict[str, ast.Expr]) -> ast.Expr | None:
        if site.key == "conditions":
            return conditions.get(site.member)
        if site.kind == "value":
            return parse_value(site.node, self.report)
        return self._parse_expression(site.node)

    def _parse_expression(self, node: Node) -> ast.Expr | None:
        # What is no scalar, parse_expression reports.
        return parse_expression(node, self.report)  # type: ignore[arg-type]

    def _check_pii(self, site: Site, written: ast.Expr) -> None:
        if site.kind == "path" and not isinstance(written, ast.Path):
            self.report.add(
                MF6106,
                "an entry of `security.pii` is a path",
                site.node.span(),
                help="name one value or a list of them: `$.input.email`",
            )

    def _field_known(self, step: StepInfo, name: str) -> bool:
        """Before types are known: what the mapping or the declared schema says."""
        mapping = step.node.get("output") if step.node is not None else None
        if isinstance(mapping, Mapping):
            return name in mapping
        if mapping is not None:
            return False
        if step.type in ("function", "http", "human_task", "parallel"):
            raw = self._plain_raw(step)
            return raw is not None and has_field(raw, name, self.checked)
        return False

    def _plain_raw(self, step: StepInfo) -> Form | None:
        if step.type == "parallel":
            names = [block.branch for block in step.blocks]
            return ObjectOf(tuple((name, ANY) for name in names))
        return self.outcomes.raw(step).form

    def _length_is_field(self, path: plan.PathExpr, scope: scopes.Scope) -> bool:
        """`$.input.box.length` is a member where the schema of `box` declares it."""
        value = self._declared_root(path, scope)
        if value is None:
            return False
        for segment in path.segments:
            selector = segment.selectors[0]
            if selector.member is None:
                return False
            found = member(value, selector.member, self.checked.types)
            if isinstance(found, Missing):
                return False
            value = found
        return has_field(value.form, "length", self.checked)

    def _declared_root(self, path: plan.PathExpr, scope: scopes.Scope) -> Typed | None:
        if path.root == "input" and self.checked.input_type is not None:
            return of(self.checked.input_type)
        step = scope.step
        if path.root == "response" and step is not None and step.type == "function":
            return self.outcomes.raw(step)
        if path.root == "step" and path.name in self.checked.steps:
            read = self.checked.steps[path.name]
            if read.type == "function" and not (read.node and "output" in read.node):
                return self.outcomes.raw(read)
        return None

    def _read_rules(self) -> None:
        """Which steps a rule reads, and whether it reads the error."""
        for rule in self.checked.rules:
            test = rule.node.get("condition") if rule.node is not None else None
            value = self.checked.values.get(test) if test is not None else None
            if value is None:
                rule.reads_error = rule.node is None
                continue
            found = list(paths_of(value))
            names = {p.name for p in found if p.root == "step" and p.name}
            rule.reads = tuple(sorted(names))
            rule.reads_error = any(p.root == "error" for p in found)

    def _proven(self, node: Node, truth: bool) -> int:
        """`Flow`'s view of `facts.proven`: as bits, with what a step that is there
        proves in turn by its guard."""
        value = self.checked.values.get(node)
        if value is None:
            return 0
        bits, names = 0, list(facts.proven(value, truth))
        seen: set[str] = set()
        for name in names:
            step = self.checked.steps.get(name)
            if step is None or name in seen:
                continue
            seen.add(name)
            bits |= self.bits[step]
            if control.has_guard(step) and step.node is not None:
                guard = step.node.get("condition")
                inner = self.checked.values.get(guard) if guard is not None else None
                if inner is not None:
                    names.extend(facts.proven(inner, True))
        return bits

    # -- typing

    def _prepare(self) -> None:
        self.evaluator = Evaluator(
            types=self.checked.types,
            report=self.report,
            origins=self.resolver.origins,
            holes=self.holes,
            root_of=lambda path, place: self.roots.of_path(path, place),
            field_place=self._field_place,
        )
        self.roots = Roots(
            self.checked, self.flow, self.outcomes, self.resolver.origins, self._say
        )

    def _say(
        self,
        code: Code,
        message: str,
        span: Span | None,
        help: str,
        labels: list[Label],
    ) -> None:
        self.evaluator.problem(code, message, span, help=help, labels=labels)

    def _field_place(self, form: Form, name: str) -> Label | None:
        if not isinstance(form, Named):
            return None
        span = self.checked.type_spans.get(form.id)
        return Label(span, "declared here") if span is not None else None

    def _site_type(self, node: Node) -> Typed:
        """The type of a site's value; each is evaluated, and reported on, once."""
        known = self.types_of_sites.get(node)
        if known is not None:
            return known
        site = self.sites.get(node)
        if site is None or node in self.open_sites:
            return ANY
        self.open_sites.add(node)
        value = self.evaluator.evaluate(
            self.checked.values[node],
            Place(
                scope=site.scope,
                facts=self._facts_at(site),
                required=site.kind == "value",
            ),
        )
        self.open_sites.discard(node)
        self.types_of_sites[node] = value
        return value

    def _facts_at(self, site: Site) -> facts.Present:
        """What guards and tests around the place prove."""
        found: set[str] = set()
        for test in self.roots.true_tests(site.scope):
            found |= facts.proven(test, True)
        if site.scope.rule is not None and site.key != "condition":
            rule = site.scope.rule
            test_node = rule.node.get("condition") if rule.node is not None else None
            value = self.checked.values.get(test_node) if test_node else None
            if value is not None:
                found |= facts.proven(value, True)
        return frozenset(found)

    def _run_output(self) -> None:
        spec = self.checked.document.root.get("spec")
        written = spec.get("output") if isinstance(spec, Mapping) else None
        if written is not None:
            self.checked.output_value = self.checked.values.get(written)
            return
        self.checked.output_value = DefaultOutput(
            self.checked, self.flow, self.outcomes, self.evaluator
        ).build()

    # -- inferring

    def _mapped(self, purpose: str) -> dict[StepInfo, Typed]:
        """The types of written mappings of one purpose, by step."""
        return {
            site.scope.step: self._site_type(site.node)
            for site in self.sites.values()
            if site.purpose == purpose and site.scope.step is not None
        }
