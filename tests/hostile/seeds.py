"""Small files that together use every construct of YAML that we read."""

from __future__ import annotations

from collections.abc import Sequence

YAML: Sequence[str] = (
    """\
apiVersion: workflow.magic-flow.io/v2
kind: Workflow
metadata: {name: order, version: 1.2.0, tags: [a, "b", 'c']}
spec:
  timeout: 10m
  steps:
    - name: validate   # magic-flow: ignore[MF3012]
      executor: order-service
      function: validateOrder
      input: {amount: $.input.total, currency: EUR}
      timeout: 30s
      on_failure: notify
    - name: charge
      condition: $.input.total > 0 && $.validate.ok == true
      retry: {max_attempts: 3, backoff: exponential, initial_delay: 1s}
      output:
        charge_id: ${$.response.id}
    - name: notify
      type: emit
  output: {order_id: $.charge.charge_id}
""",
    """\
# comment
%TAG-like: no
plain: one two
  three
single: 'it''s
  folded

  here'
double: "tab\\t uni\\u00e9 \\x41 \\
   joined"
literal: |
  line one
    line two

  # not a comment
kept: |+
  text

folded: >-
  a
  b

   c
explicit: |2
    two
empty:
tilde: ~
numbers: [0, -1, +2, 012, 0o17, 0xFF, 1.5, .5, 1., 1e3, -1.5E-3, 1_000, 12:30]
words: [yes, no, on, off, true, False, NULL, Null, nUll]
""".replace("%TAG", "TAG"),
    """\
--- # first
base: &base {a: 1, b: [x, y]}
use: *base
tagged: !!str 12
more: !!int "3"
seq: !!seq [1, 2]
bang: ! 12
&k key: &v value
*k : again
? complex
: value
? |
  block key
: - 1
  - - 2
    - 3
...
---
second: document
""",
    """\
{"json": [1, 2.5, "three", null, true, {"nested": {"a": []}}],
 "esc": "a\\"b\\\\c\\/d\\u00e9", 'single': x, y: z, empty: }
""",
    """\
- - a
  - b
-
  - c
- k: v
  l:
  - indentless
  - list
- ? x
- "multi
  line"
- [a: b, {c}, d, ]
- !<tag:yaml.org,2002:str> verbatim
""",
    """\
a:\r
  b: 1\r
  c: |\r
    x\r
    y\r
d: "e\r
  f"\r
""",
    "x: é😀\u2028y\nz: '\u0085'\n'\U0001f600\U0001f600': \u3042\n",
)
