"""Random workflows of parts side by side, most of them independent."""

from __future__ import annotations

from random import Random


class Builder:
    """Writes YAML in flow style; `names` are the steps so far."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.names: list[str] = []
        self.events = 0
        self.room = 7

    def name(self) -> str:
        self.room -= 1
        self.names.append(f"s{len(self.names)}")
        return self.names[-1]

    def steps(self, depth: int) -> str:
        count = self.dice.randint(1, 2)
        listed = [self.step(depth) for n in range(count) if n == 0 or self.room > 0]
        return f"[{', '.join(listed)}]"

    def step(self, depth: int) -> str:
        kinds = ["call"] * 6 + ["wait", "event", "fail", "copy"]
        if depth < 2 and self.room > 2:
            kinds += ["parallel"] * 4 + ["loop", "condition"]
        kind = self.dice.choice(kinds)
        guard = ""
        if self.dice.random() < 0.2 and kind != "condition":
            guard = ', condition: "$.input.flag == true"'
        made: str = getattr(self, f"make_{kind}")(depth, guard)
        return made

    def make_call(self, depth: int, guard: str) -> str:
        more = guard
        if self.dice.random() < 0.3:
            more += ", retry: {max_attempts: 2, initial_delay: 1s}"
        if self.dice.random() < 0.1:
            more += ", compensation: {function: undo, timeout: 5s}"
        if self.dice.random() < 0.2 and self.names:
            read = self.dice.choice(self.names)
            more += f', input: {{v: "coalesce($.{read}.v, 1)"}}'
        if self.dice.random() < 0.2:
            more += ", timeout_action: ignore"
        return f"{{name: {self.name()}, timeout: 5s{more}}}"

    def make_wait(self, depth: int, guard: str) -> str:
        return f"{{name: {self.name()}, type: wait, duration: 3s{guard}}}"

    def make_event(self, depth: int, guard: str) -> str:
        self.events += self.dice.random() < 0.7
        event = f"event: told-{self.events}"
        return f"{{name: {self.name()}, type: wait_for_event, {event}, timeout: 9s{guard}}}"

    def make_fail(self, depth: int, guard: str) -> str:
        guard = guard or ', condition: "$.input.flag == false"'
        return f"{{name: {self.name()}, type: fail, code: NO{guard}}}"

    def make_copy(self, depth: int, guard: str) -> str:
        return f"{{name: {self.name()}, type: transform, output: {{v: 1}}{guard}}}"

    def make_parallel(self, depth: int, guard: str) -> str:
        name = self.name()
        branches = [
            f"{{name: {name}-{n}, steps: {self.steps(depth + 1)}}}"
            for n in range(self.dice.randint(2, 3))
        ]
        more = guard
        more += f", mode: {self.dice.choice(['all', 'all', 'all', 'any', 'race'])}"
        if self.dice.random() < 0.4:
            more += ", fail_fast: false"
        if self.dice.random() < 0.3:
            more += ", max_concurrency: 2"
        if self.dice.random() < 0.3:
            more += ", timeout: 12s"
        if self.dice.random() < 0.3:
            more += ", on_failure: rescue" if depth == 0 else ""
        listed = ", ".join(branches)
        return f"{{name: {name}, type: parallel{more}, branches: [{listed}]}}"

    def make_loop(self, depth: int, guard: str) -> str:
        name = self.name()
        return (
            f"{{name: {name}, type: loop, iterate_over: $.input.items, parallel: true, "
            f"max_iterations: 2{guard}, steps: {self.steps(depth + 1)}}}"
        )

    def make_condition(self, depth: int, guard: str) -> str:
        name = self.name()
        return (
            f'{{name: {name}, type: condition, condition: "$.input.flag == true", '
            f"then: {self.steps(depth + 1)}}}"
        )


def workflow(seed: int) -> str:
    """The body of a workflow's `spec`."""
    dice = Random(seed)
    builder = Builder(dice)
    steps = [builder.make_parallel(0, ""), builder.step(0)]
    read = dice.choice(builder.names)
    rejoin = ", on_success: last" if dice.random() < 0.5 else ""
    steps.append("{name: last, timeout: 5s}")
    steps.append(
        f"{{name: rescue, handler: true, timeout: 5s, "
        f'input: {{v: "coalesce($.{read}.v, 1)"}}{rejoin}}}'
    )
    rules = ""
    if dice.random() < 0.3:
        action = dice.choice(["return_error", "compensate", "continue"])
        rules = (
            "  error_handling:\n    - condition: $.error.code == 'NO'\n"
            f"      action: {{type: {action}}}\n"
        )
    timeout = "  timeout: 20s\n" if dice.random() < 0.3 else ""
    listed = "".join(f"    - {step}\n" for step in steps)
    return f"""\
{timeout}{rules}  input_schema:
    type: object
    required: [flag, items]
    properties: {{flag: {{type: boolean}}, items: {{type: array, maxItems: 2, items: {{type: integer}}}}}}
  output_schema: {{type: object, properties: {{}}}}
  steps:
{listed}  output: {{}}
"""
