"""The table of docs/semantics.md: which conformance cases prove which sentence.

python -m tests.runtime.core.sentence_table      rewrite it
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
SEMANTICS = ROOT / "docs" / "semantics.md"
FOLDER = ROOT / "runtime" / "conformance"
MARK = "## Which case proves which sentence\n"

CHECK = "tests/unit/check"
ENGINE = "tests/runtime/engine"
SERVER = "tests/runtime/server"

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "doc-1": (
        "tests/unit/load/test_core_schema.py::test_a_plain_scalar_has_the_value_of_the_core_schema",
        "tests/unit/load/test_keys.py::test_a_key_stands_once",
        "tests/unit/load/test_places.py::test_several_documents",
        "tests/unit/load/test_json.py::test_any_text_is_read_or_refused_as_json_does",
    ),
    "doc-2": (
        "tests/unit/documents/test_aliases.py::test_the_other_api_versions",
        "tests/unit/documents/test_aliases.py::test_the_short_form",
    ),
    "doc-3": (
        f"{CHECK}/test_contexts.py::test_found",
        f"{CHECK}/test_contexts.py::test_the_chosen_context_wins",
        f"{CHECK}/test_contexts.py::test_two_of_one_name_are_ambiguous",
    ),
    "doc-4": ("tests/unit/documents/test_names.py",),
    "doc-5": ("tests/unit/types/test_table.py::test_required_may_be_said_in_two_ways",),
    "doc-6": (
        "tests/unit/documents/test_aliases.py::test_an_alias_is_rewritten",
        "tests/unit/documents/test_aliases.py::test_an_alias_with_its_target_is_an_error",
    ),
    "block-1": (f"{CHECK}/test_references.py::test_the_list_goes_on_past_handlers",),
    "block-14": (
        f"{CHECK}/test_references.py::test_an_implicit_step_runs_on_the_first_executor_that_names_it",
        f"{CHECK}/test_references.py::test_a_misspelt_jump_is_answered_with_the_name",
        f"{CHECK}/test_references.py::test_an_unknown_jump_without_a_near_name",
    ),
    "block-15": (f"{CHECK}/test_graph.py::test_graph",),
    "dag-3": (
        f"{CHECK}/test_dag.py::test_no_jumps_by_cases_or_to_main_steps",
        f"{CHECK}/test_dag.py::test_dependencies_and_a_handler_that_fails_the_block",
    ),
    "wait-2": (
        f"{ENGINE}/test_features.py::test_timers_that_were_due_while_the_server_was_down_fire_once",
        f"{ENGINE}/test_units.py::test_a_moved_clock_never_makes_a_timer_early",
    ),
    "event-2": (
        f"{ENGINE}/test_features.py::test_an_event_that_comes_early_is_kept_for_its_run",
    ),
    "event-5": (
        f"{SERVER}/test_sending.py::test_a_receiver_that_fails_hears_it_again",
    ),
    "human-1": (
        f"{SERVER}/test_human.py::test_a_human_task_is_listed_claimed_and_completed",
    ),
    "sub-1": (
        f"{ENGINE}/test_features.py::test_a_child_runs_and_its_output_comes_back",
        f"{ENGINE}/test_features.py::test_a_child_that_cannot_start_fails_its_step",
        f"{ENGINE}/test_units.py::test_version_ranges",
    ),
    "sub-4": (
        f"{ENGINE}/test_features.py::test_cancelling_a_parent_cancels_its_child",
    ),
    "http-1": (
        f"{SERVER}/test_outgoing.py::test_a_request_has_headers_query_body_secrets_and_the_key",
        "tests/runtime/worker/test_secrets.py::test_a_place_is_resolved_and_the_value_left_alone",
    ),
    "retry-10": (f"{CHECK}/test_budgets.py::test_a_policy_is_merged_key_by_key",),
    "time-1": (
        f"{ENGINE}/test_dispatch.py::test_a_queue_timeout_counts_from_scheduling",
        f"{ENGINE}/test_dispatch.py::test_a_lease_ends_the_queue_timeout_and_starts_the_timeout",
        f"{ENGINE}/test_dispatch.py::test_a_missing_heartbeat_is_a_timeout",
    ),
    "fallback-4": (
        f"{CHECK}/test_graph.py::test_one_cycle_of_fallbacks_is_reported_once",
    ),
    "run-3": (
        f"{ENGINE}/test_features.py::test_a_workflow_timeout_may_start_one_new_run",
    ),
    "run-6": (
        "tests/runtime/core/test_parts.py::test_begins_at_the_failed_step",
        "tests/runtime/core/test_parts.py::test_what_was_undone_runs_again",
        f"{SERVER}/test_api.py::test_a_failed_run_says_why_and_can_be_retried",
    ),
    "undo-4": (
        "tests/runtime/faults/test_kills.py::test_a_server_killed_at_a_labelled_point_loses_nothing",
    ),
    "circuit-1": (
        f"{ENGINE}/test_dispatch.py::test_a_circuit_opens_for_all_runs_and_closes_by_a_probe",
        f"{SERVER}/test_breakers.py::test_a_circuit_is_seen_while_it_is_open",
    ),
    "circuit-2": (
        f"{ENGINE}/test_dispatch.py::test_a_circuit_opens_for_all_runs_and_closes_by_a_probe",
        f"{ENGINE}/test_units.py::test_a_breaker_opens_by_rate_within_its_window",
        f"{ENGINE}/test_units.py::test_late_results_of_before_do_not_count_for_an_open_breaker",
    ),
    "state-1": (
        f"{ENGINE}/test_schedules.py::test_more_runs_than_places_are_queued_in_order",
    ),
    "cancel-2": (
        f"{ENGINE}/test_dispatch.py::test_cancel_waits_for_a_task_at_most_the_grace",
    ),
    "data-5": (
        f"{CHECK}/test_inference.py::test_default_inputs_are_written_out",
        f"{CHECK}/test_inference.py::test_a_step_of_a_loop_receives_the_item_too",
    ),
    "data-6": (
        f"{CHECK}/test_inference.py::test_the_default_output_takes_the_latest_step_that_has_it",
        f"{CHECK}/test_inference.py::test_without_an_output_schema_the_latest_steps_output",
    ),
    "data-7": ("runtime/conformance/expressions",),
    "data-9": (f"{CHECK}/test_data_types.py", f"{CHECK}/test_reads.py"),
    "start-1": (
        f"{ENGINE}/test_schedules.py::test_every_starts_on_multiples",
        f"{ENGINE}/test_schedules.py::test_cron_starts_in_its_time_zone",
        f"{ENGINE}/test_schedules.py::test_what_was_missed_is_caught_up_as_wanted",
        f"{ENGINE}/test_cron.py",
        f"{SERVER}/test_api.py::test_workflow_init_events_start_runs",
    ),
    "start-2": (
        f"{ENGINE}/test_engine.py::test_an_idempotency_key_starts_one_run",
        f"{ENGINE}/test_features.py::test_one_active_run_of_a_foreign_id",
    ),
}
"""What the core alone cannot show: the tests of the compiler, the engine and the servers
(a file, or `file::test`) that prove a sentence or the rest of it."""


def sentences() -> list[str]:
    """The names of all sentences, in order."""
    return re.findall(r"\*\*([a-z]+-\d+)\*\*", SEMANTICS.read_text())


def proofs() -> dict[str, list[str]]:
    """Sentence → the cases that cover it."""
    found: dict[str, list[str]] = {}
    for path in sorted(FOLDER.glob("*/*.json")):
        case = json.loads(path.read_text())
        for name in case.get("covers", ()) if isinstance(case, dict) else ():
            found.setdefault(name, []).append(f"{path.parent.name}/{path.stem}")
    return found


def table() -> str:
    """The table's Markdown."""
    known = proofs()
    rows = ["| Sentence | Proved by |", "|---|---|"]
    for name in sentences():
        cases = known.get(name, [])
        places = [f"[{case}](../runtime/conformance/{case}.json)" for case in cases]
        places += [_link(place) for place in ELSEWHERE.get(name, ())]
        rows.append(f"| {name} | {' · '.join(places)} |")
    return "\n".join(rows) + "\n"


def _link(place: str) -> str:
    """A test, by its own name; a file or folder, by its last part."""
    path, _, test = place.partition("::")
    return f"[{test or Path(path).name}](../{path})"


def is_there(place: str) -> bool:
    """Whether a test, file or folder of ELSEWHERE exists."""
    path, _, test = place.partition("::")
    file = ROOT / path
    if not test:
        return file.exists()
    return (
        file.is_file() and re.search(rf"\bdef {test}\(", file.read_text()) is not None
    )


def with_table(text: str) -> str:
    return text.split(MARK)[0].rstrip() + f"\n\n{MARK}\n{table()}"


if __name__ == "__main__":
    SEMANTICS.write_text(with_table(SEMANTICS.read_text()))
