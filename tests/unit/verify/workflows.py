"""Workflows that the tests of `verify` share, each with all that it needs in one text."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from magicflow_cli.cli.build import build
from magicflow_cli.cli.selection import select
from magicflow_cli.compile import compile_workflow
from magicflow_cli.plan import to_json

HEAD = """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: order, version: 1.0.0}
spec:
"""


def compiled(text: str) -> dict[str, Any]:
    """The plan of the only workflow in a text; `HEAD` is put before it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "workflow.yaml"
        file.write_text(HEAD + text, encoding="utf-8")
        built = build(select([file]))
        assert not built.has_errors, [d.message for d in built.diagnostics]
        (checked,) = built.workflows
        return to_json(compile_workflow(checked).plan)


SHOP = """\
  timeout: 1h
  input_schema:
    type: object
    required: [total, items]
    properties:
      total: {type: integer, minimum: 0}
      vip: {type: boolean}
      items: {type: array, maxItems: 3, items: {type: object, required: [sku], properties: {sku: {type: string, enum: [book, toy]}}}}
  output_schema: {type: object, properties: {parcel: {type: string}}}
  steps:
    - name: check
      type: condition
      condition: $.input.total > 1000
      then:
        - {name: review, type: human_task, form: {type: object, required: [ok], properties: {ok: {type: boolean}}}, timeout: 10m}
        - {name: refused, type: fail, code: REFUSED, condition: $.review.ok == false}
    - name: pay
      type: parallel
      timeout: 5m
      branches:
        - name: card
          steps:
            - {name: charge, timeout: 30s, retry: {max_attempts: 2, initial_delay: 1s}, compensation: {function: refund, timeout: 10s}}
            - {name: receipt, timeout: 30s}
        - name: stock
          steps:
            - {name: reserve, timeout: 20s, fallback_step: reorder}
      on_failure: sorry
    - name: each
      type: loop
      iterate_over: $.input.items
      parallel: true
      steps:
        - {name: pack, timeout: 1m}
    - {name: paid, type: wait_for_event, event: paid, timeout: 20m, on_failure: remind}
    - {name: ship, timeout: 1m, output: {parcel: $.response.parcel}}
    - {name: reorder, handler: true, timeout: 20s}
    - {name: sorry, handler: true, timeout: 5s}
    - {name: remind, handler: true, timeout: 5s, on_success: ship}
  output: {parcel: $.ship.parcel}
"""

RACE = """\
  input_schema: {type: object, properties: {}}
  output_schema: {type: object, properties: {}}
  steps:
    - name: first
      type: parallel
      mode: race
      branches:
        - {name: quick, steps: [{name: pause, type: wait, duration: 10s}]}
        - {name: slow, steps: [{name: sleep, type: wait, duration: 20s}, {name: never, timeout: 5s}]}
        - {name: work, timeout: 15s}
    - name: some
      type: parallel
      mode: any
      timeout: 40s
      branches:
        - {name: left, timeout: 30s}
        - {name: right, timeout: 30s, retry: {max_attempts: 3, initial_delay: 5s}}
    - {name: last, timeout: 5s, total_timeout: 12s, retry: {max_attempts: 4, initial_delay: 1s}}
  output: {}
"""

GRAPH = """\
  timeout: 90s
  timeout_action: fallback
  fallback_step: give-up
  input_schema: {type: object, required: [kind], properties: {kind: {type: string, enum: [a, b, c]}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: fetch, timeout: 30s, depends_on: []}
    - {name: check, timeout: 30s, depends_on: [], condition: $.input.kind != 'c'}
    - name: route
      type: switch
      depends_on: [fetch]
      cases:
        - when: $.input.kind == 'a'
          steps: [{name: do-a, timeout: 10s}]
        - when: $.input.kind == 'b'
          steps: [{name: do-b, timeout: 10s, timeout_action: ignore}]
    - {name: done, timeout: 20s, depends_on: [check, route], compensation: {function: undo, timeout: 5s, retry: {max_attempts: 2}}}
    - {name: tell, timeout: 20s, depends_on: [done]}
    - {name: give-up, handler: true, timeout: 5s}
  output: {}
"""

LOOPS = """\
  input_schema: {type: object, properties: {}}
  output_schema: {type: object, properties: {}}
  error_handling:
    - condition: $.error.code == 'DECLINED'
      action: {type: return_error, code: NO_MONEY}
  steps:
    - {name: start, type: transform, output: {n: 1}}
    - name: poll
      type: loop
      max_iterations: 4
      while: "!(coalesce($.ask.done, false))"
      steps:
        - {name: ask, timeout: 5s, output: {done: $.response.done}}
    - {name: again, type: wait, duration: 1s}
    - {name: probe, timeout: 5s, output: {ok: $.response.ok}}
    - name: decide
      type: switch
      cases:
        - when: $.probe.ok == false
          goto: again
    - {name: finish, timeout: 5s}
  output: {}
"""

WORKFLOWS = {"shop": SHOP, "race": RACE, "graph": GRAPH, "loops": LOOPS}
