"""The rules that run on a workflow whose structure is known."""

from __future__ import annotations

from collections.abc import Callable

from magicflow_cli.check import (
    budgets,
    dataflow,
    failure_rules,
    handlers,
    misspelt,
    names,
    notifications,
    parallel,
    retries,
    security,
    style,
    triggers,
)
from magicflow_cli.check.model import CheckedWorkflow
from magicflow_cli.diagnostics import Report

Rule = Callable[[CheckedWorkflow, Report], None]

RULES: tuple[Rule, ...] = (
    names.check_letters,
    names.check_collisions,
    names.check_shadowed_roots,
    names.check_item_variables,
    misspelt.check_functions_and_events,
    misspelt.check_version_ranges,
    triggers.check_time_zones,
    triggers.check_schedules,
    notifications.check_notifications,
    parallel.check_shared_fallbacks,
    parallel.check_hidden_outputs,
    handlers.check_unused_fallback,
    handlers.check_unanswered_codes,
    handlers.check_unanswered_waits,
    handlers.check_cases,
    failure_rules.check_rules,
    failure_rules.check_rollback,
    failure_rules.check_rule_jumps,
    budgets.check_zero_limits,
    budgets.check_zero_periods,
    budgets.check_worst_case,
    retries.check_impossible_retries,
    retries.check_retry_codes,
    retries.check_delays,
    budgets.check_limits,
    budgets.check_circuit_breakers,
    budgets.check_idle_settings,
    security.check_clear_text,
    security.check_secret_names,
    security.check_secret_flow,
    style.check_unbounded_input,
    style.check_unbounded_loops,
)


def run_rules(checked: CheckedWorkflow, report: Report) -> None:
    """Run the data-flow analysis, then every rule that reads its findings."""
    dataflow.run(checked, report)
    for rule in RULES:
        rule(checked, report)
