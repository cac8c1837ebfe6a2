"""Small faulty workflows, one for each kind of finding, and their correct twins.

The pages in docs/diagnostics show the same ones."""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
_YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

TYPED = """\
  input_schema: {type: object, properties: {}}
  output_schema: {type: object, properties: {}}
"""

TWINS = {
    "MF5701": (
        TYPED + """\
  steps:
    - {name: pause, type: wait, duration: 1m}
    - {name: look, timeout: 5s, output: {ready: $.response.ready}, on_failure: pause-again}
    - name: go-on
      type: switch
      cases:
        - {when: $.look.ready == true, goto: pause}
        - {when: $.look.ready != true, goto: pause}
    - {name: pause-again, type: wait, duration: 5m, handler: true, on_success: look}
  output: {}
""",
        TYPED + """\
  steps:
    - {name: pause, type: wait, duration: 1m}
    - {name: look, timeout: 5s, output: {ready: $.response.ready}, on_failure: pause-again}
    - name: go-on
      type: switch
      cases:
        - {when: $.look.ready == true, goto: end}
        - {when: $.look.ready != true, goto: pause}
    - {name: pause-again, type: wait, duration: 5m, handler: true, on_success: look}
  output: {}
""",
    ),
    "MF5702": (
        """\
  input_schema: {type: object, properties: {vip: {type: boolean}}}
  output_schema: {type: object, required: [gift], properties: {gift: {type: string}}}
  steps:
    - {name: wrap, timeout: 5s, condition: $.input.vip == true}
  output: {gift: $.wrap.gift}
""",
        """\
  input_schema: {type: object, properties: {vip: {type: boolean}}}
  output_schema: {type: object, required: [gift], properties: {gift: {type: string}}}
  steps:
    - {name: wrap, timeout: 5s, condition: $.input.vip == true}
  output: {gift: "coalesce($.wrap.gift, 'none')"}
""",
    ),
    "MF5703": (
        TYPED + """\
  steps:
    - {name: charge, timeout: 5s}
  output: {}
""",
        TYPED + """\
  error_handling: {on_failure: continue}
  steps:
    - {name: charge, timeout: 5s}
  output: {}
""",
    ),
    "MF5704": (
        TYPED + """\
  steps:
    - {name: paid, type: wait_for_event, event: paid}
  output: {}
""",
        TYPED + """\
  steps:
    - {name: paid, type: wait_for_event, event: paid, timeout: 1d}
  output: {}
""",
    ),
    "MF5705": (
        TYPED + """\
  steps:
    - name: charge
  output: {}
""",
        TYPED + """\
  steps:
    - {name: charge, timeout: 5s}
  output: {}
""",
    ),
    "MF5706": (
        TYPED + """\
  steps:
    - {name: charge, timeout: 5s, compensation: {function: refund, timeout: 5s}}
    - {name: ship, timeout: 5s}
  output: {}
""",
        TYPED + """\
  steps:
    - {name: charge, timeout: 5s}
    - {name: ship, timeout: 5s}
  output: {}
""",
    ),
    "MF5707": (
        TYPED + """\
  error_handling:
    - condition: $.error.code == 'INTERNAL'
      action: {type: return_error, code: SOLD_OUT}
  steps:
    - {name: charge, timeout: 5s, compensation: {function: refund, timeout: 5s}}
    - {name: ship, timeout: 5s}
  output: {}
""",
        TYPED + """\
  error_handling:
    - condition: $.error.code == 'INTERNAL'
      action: {type: compensate, code: SOLD_OUT}
  steps:
    - {name: charge, timeout: 5s, compensation: {function: refund, timeout: 5s}}
    - {name: ship, timeout: 5s}
  output: {}
""",
    ),
    "MF5708": (
        """\
  input_schema: {type: object, properties: {until: {type: string, format: date-time}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: later, type: wait, until: $.input.until}
  output: {}
""",
        """\
  input_schema: {type: object, properties: {until: {type: string, format: date-time}}}
  output_schema: {type: object, properties: {}}
  steps:
    - {name: later, type: wait, until: $.input.until, condition: exists($.input.until)}
  output: {}
""",
    ),
    "MF5709": (
        """\
  input_schema: {type: object, required: [total], properties: {total: {type: integer, maximum: 100}}}
  output_schema: {type: object, properties: {}}
  steps:
    - name: check
      type: condition
      condition: $.input.total > 100
      then:
        - {name: review, timeout: 5s}
  output: {}
""",
        """\
  input_schema: {type: object, required: [total], properties: {total: {type: integer, maximum: 100}}}
  output_schema: {type: object, properties: {}}
  steps:
    - name: check
      type: condition
      condition: $.input.total >= 100
      then:
        - {name: review, timeout: 5s}
  output: {}
""",
    ),
    "MF5710": (
        TYPED + """\
  timeout: 1m
  steps:
    - {name: charge, timeout: 5s}
  output: {}
""",
        TYPED + """\
  timeout: 1m
  steps:
    - {name: charge, timeout: 30s, retry: {max_attempts: 3}}
  output: {}
""",
    ),
}
"""By code: what has the finding, what has it no more."""
