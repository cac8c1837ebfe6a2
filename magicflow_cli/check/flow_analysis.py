"""Finds out which steps have run: a forward analysis over the graph of a workflow.

An edge leaves a step by success, by its guard (skipped), by a failure that the flow
survives (`timeout_action: ignore`, a `continue` rule) or by failure to its handler;
only success adds the step's outputs. Loops in the graph are iterated to the fixpoint.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from magicflow_cli.check.flow import (
    NOTHING,
    Facts,
    Flow,
    Known,
    can_go_on_without_outputs,
    case_tests,
    has_guard,
    scalar_of,
)
from magicflow_cli.check.model import (
    BlockInfo,
    CheckedWorkflow,
    End,
    RuleInfo,
    StepInfo,
    Target,
)
from magicflow_cli.load.nodes import Mapping, Node


class _Exits(NamedTuple):
    """The states in which a step is left; None where it cannot be."""

    ok: Known | None
    skipped: Known | None
    absent: Known | None
    failed: Known | None


def analyse(checked: CheckedWorkflow, facts: Facts) -> Flow:
    """The flow of a whole workflow; `facts` reads resolved expressions."""
    flow = Flow({step: 1 << n for n, step in enumerate(checked.steps.values())})
    _Analysis(checked, flow, facts).run()
    return flow


class _Analysis:
    def __init__(self, checked: CheckedWorkflow, flow: Flow, facts: Facts) -> None:
        self.checked = checked
        self.flow = flow
        self.facts = facts
        self.every = (1 << len(flow.bits)) - 1
        self.continues = any(rule.action == "continue" for rule in checked.rules)
        self.fallback_stack: list[StepInfo] = []

    def run(self) -> None:
        root = self.checked.root
        end = self._block(root, NOTHING, {})
        # Jumps out of rules add entries to the root block; they may enable others.
        jumps: dict[StepInfo, Known] = {}
        for _ in range(len(self.checked.rules) + 1):
            found = self._rule_jumps()
            if found == jumps:
                break
            jumps = found
            end = self._block(root, NOTHING, jumps)
        for rule in self.checked.rules:
            self.flow.at_rule[rule] = self._at_rule(rule)
            if rule.body is not None:
                self._block(rule.body, self.flow.at_rule[rule], {})
        self._workflow_fallback()
        run_end = self.flow.end
        self.flow.end = end.meet(run_end) if end is not None else run_end

    def _workflow_fallback(self) -> None:
        """`spec.fallback_step` may interrupt anything."""
        spec = self.checked.document.root.get("spec")
        name = scalar_of(spec if isinstance(spec, Mapping) else None, "fallback_step")
        step = self.checked.steps.get(name) if name else None
        if step is not None:
            self._through(step, Known(0, self.every, 0, self.every))

    # -- blocks

    def _block(
        self, block: BlockInfo, state: Known, jumps: dict[StepInfo, Known]
    ) -> Known | None:
        """The state at the block's end; None when it never ends as completed."""
        end = self._dag(block, state) if block.dag else self._list(block, state, jumps)
        if end is not None:
            previous = self.flow.block_end.get(block)
            self.flow.block_end[block] = end.meet(previous)
        return end

    def _list(
        self, block: BlockInfo, state: Known, jumps: dict[StepInfo, Known]
    ) -> Known | None:
        entries: dict[StepInfo, Known] = {}
        # In list order, handlers last: a handler that rejoins is then entered once for
        # all the steps that lead to it, not once for each.
        places = {step: place for place, step in enumerate(_in_order(block))}
        order = list(places)
        work: list[int] = []
        waiting: set[int] = set()
        end: Known | None = None

        def go(target: Target | None, known: Known | None) -> None:
            nonlocal end
            if known is None or target is None:
                return
            if isinstance(target, StepInfo):
                if target not in places:
                    return  # a jump out of the block, reported elsewhere
                old = entries.get(target)
                new = known.meet(old)
                if new != old:
                    entries[target] = new
                    place = places[target]
                    if place not in waiting:
                        waiting.add(place)
                        heappush(work, place)
            elif target is End.BLOCK:
                end = known.meet(end)
            elif target is End.RUN:
                self.flow.end = known.meet(self.flow.end)

        main = _main_line(block)
        go(main[0] if main else End.BLOCK, state)
        for target, known in jumps.items():
            go(target, known)
        while work:
            place = heappop(work)
            waiting.discard(place)
            step = order[place]
            exits = self._through(step, entries[step])
            go(step.after, exits.ok)
            go(step.after, exits.absent)
            go(self._after_skip(step), exits.skipped)
            go(step.on_failure, exits.failed)
            for rescuer in _fallbacks(step):  # a fallback has failure keys of its own
                go(rescuer.on_failure, self.flow.failed.get(rescuer))
            if exits.ok is not None:
                for _, jump in step.gotos:
                    go(jump, exits.ok)
        return end

    def _after_skip(self, step: StepInfo) -> Target | None:
        """Where a skipped step leads: an `end` or `fail` that is skipped does not act."""
        if step.type not in ("end", "fail"):
            return step.after
        line = step.block.main_line
        if step not in line:
            return step.after
        position = line.index(step) + 1
        return line[position] if position < len(line) else End.BLOCK

    def _dag(self, block: BlockInfo, state: Known) -> Known | None:
        ended: dict[StepInfo, Known] = {}
        main = _main_line(block)
        members = set(main)
        missing = {s: sum(d in members for d in set(s.depends_on)) for s in main}
        following: dict[StepInfo, list[StepInfo]] = {}
        for step in main:
            for dependency in set(step.depends_on):
                following.setdefault(dependency, []).append(step)
        ready = deque(step for step in main if not missing[step])
        beside = self._bits(block.steps)
        while ready:  # what a circle of dependencies holds is left out
            step = ready.popleft()
            entry = state
            for dependency in step.depends_on:
                entry = entry.join(ended.get(dependency, state))
            exits = self._through(step, entry)
            if step.on_failure is not None and exits.failed is not None:
                failed = exits.failed
                wide = failed._replace(may=failed.may | beside, ran=failed.ran | beside)
                self._through(step.on_failure, wide)
            ended[step] = _either(exits) or entry
            for next_step in following.get(step, ()):
                missing[next_step] -= 1
                if not missing[next_step]:
                    ready.append(next_step)
        end = state
        for known in ended.values():
            end = end.join(known)
        return end

    # -- steps

    def _through(self, step: StepInfo, state: Known) -> _Exits:
        """Run one step from `state`."""
        self.flow.before[step] = state.meet(self.flow.before.get(step))
        bit = self.flow.bits[step]
        # The latest occurrence counts: what an earlier one left is gone.
        entered = Known(
            state.has & ~bit, state.may & ~bit, state.entered | bit, state.ran | bit
        )
        skipped = entered if has_guard(step) else None
        running = entered
        if skipped is not None and step.node is not None:
            running = self._assume(entered, step.node.get("condition"), True)
        self.flow.running[step] = running.meet(self.flow.running.get(step))
        if not self._survives(step):
            self.flow.steady.add(step)
        inside = self._blocks_of(step, running)
        ok: Known | None = None
        if inside is not None:
            self.flow.after_blocks[step] = inside.meet(self.flow.after_blocks.get(step))
            if step.type != "fail":
                ok = self._with(inside, bit)
        broken = self._failed(step, running)
        self.flow.failed[step] = broken.meet(self.flow.failed.get(step))
        absent = broken if self._survives(step) else None
        failed: Known | None = broken
        if step.fallback is not None and step.fallback not in self.fallback_stack:
            self.fallback_stack.append(step)
            rescue = self._through(step.fallback, broken)
            self.fallback_stack.pop()
            if rescue.ok is not None:
                rescued = self._with(rescue.ok, bit)
                ok = rescued.meet(ok)
            if rescue.absent is not None:
                absent = rescue.absent.meet(absent)
            failed = rescue.failed
            if rescue.skipped is not None:  # it answers nothing
                failed = rescue.skipped.meet(failed)
        return _Exits(ok, skipped, absent, failed)

    def _survives(self, step: StepInfo) -> bool:
        if can_go_on_without_outputs(step):
            return True
        handled = step.fallback is not None or step.on_failure is not None
        return self.continues and not handled

    def _failed(self, step: StepInfo, running: Known) -> Known:
        """A failing step leaves what its blocks may have done."""
        inner = self._bits(_steps_below(step))
        return running._replace(may=running.may | inner, ran=running.ran | inner)

    def _blocks_of(self, step: StepInfo, state: Known) -> Known | None:
        """The state when the blocks that a step owns have ended; the same state for
        a step that owns none."""
        if step.type == "parallel":
            return self._branches(step, state)
        if step.type == "loop":
            for block in step.blocks:
                self._block(block, state, {})
            return state
        if step.type in ("condition", "switch"):
            return self._cases(step, state)
        return state

    def _branches(self, step: StepInfo, state: Known) -> Known | None:
        ends = [self._block(block, state, {}) for block in step.blocks]
        if scalar_of(step.node, "mode") in ("any", "race"):
            first: Known | None = None
            for end in ends:
                if end is not None:
                    first = end.meet(first)
            # The losers may have got anywhere.
            losers = self._bits(_steps_below(step))
            return first and first._replace(
                may=first.may | losers, ran=first.ran | losers
            )
        joined = state
        for end in ends:
            if end is None:
                return None
            joined = joined.join(end)
        return joined

    def _cases(self, step: StepInfo, state: Known) -> Known | None:
        result: Known | None = None
        rest = state
        open_end = True
        blocks = {block.id: block for block in step.blocks}
        for test, part in case_tests(step):
            taken = rest if test is None else self._assume(rest, test, True)
            block = blocks.get(f"{step.name}/{part}")
            end = self._block(block, taken, {}) if block is not None else taken
            if end is not None:
                result = end.meet(result)
            if test is None:
                open_end = False
            else:
                rest = self._assume(rest, test, False)
        return rest.meet(result) if open_end else result

    def _assume(self, state: Known, test: Node | None, truth: bool) -> Known:
        """What a test that came out as `truth` adds."""
        present = self.facts(test, truth) & state.may if test is not None else 0
        return state._replace(has=state.has | present, entered=state.entered | present)

    def _with(self, state: Known, bit: int) -> Known:
        return Known(
            state.has | bit, state.may | bit, state.entered | bit, state.ran | bit
        )

    def _bits(self, steps: Iterable[StepInfo]) -> int:
        bits = 0
        for step in steps:
            bits |= self.flow.bits[step]
        return bits

    # -- rules

    def _at_rule(self, rule: RuleInfo) -> Known:
        """A rule may be tried at any time; what its condition proves holds."""
        state = Known(0, self.every, 0, self.every)
        test = rule.node.get("condition") if rule.node is not None else None
        return self._assume(state, test, True)

    def _rule_jumps(self) -> dict[StepInfo, Known]:
        jumps: dict[StepInfo, Known] = {}
        for rule in self.checked.rules:
            if rule.target is None:
                continue
            test = rule.node.get("condition") if rule.node is not None else None
            for step in self.checked.root.steps:
                state = self.flow.failed.get(step)
                if state is not None:
                    state = self._assume(state, test, True)
                    bit = self.flow.bits[step]
                    if self._reads(rule, step):
                        state = state._replace(may=state.may | bit)
                        state = self._assume(state, test, True)
                    jumps[rule.target] = state.meet(jumps.get(rule.target))
        return jumps

    def _reads(self, rule: RuleInfo, step: StepInfo) -> bool:
        inner = {below.name for below in _steps_below(step)} | {step.name}
        return not inner.isdisjoint(rule.reads)


def _fallbacks(step: StepInfo) -> Iterator[StepInfo]:
    seen = {step}
    rescuer = step.fallback
    while rescuer is not None and rescuer not in seen:
        seen.add(rescuer)
        yield rescuer
        rescuer = rescuer.fallback


def _in_order(block: BlockInfo) -> list[StepInfo]:
    main = _main_line(block)
    known = set(main)
    return main + [step for step in block.steps if step not in known]


def _main_line(block: BlockInfo) -> list[StepInfo]:
    """The steps that run one after the other; a rule's body has only such steps."""
    return list(block.steps) if block.kind == "rule" else block.main_line


def _steps_below(step: StepInfo) -> Iterator[StepInfo]:
    for block in step.blocks:
        for inner in block.steps:
            yield inner
            yield from _steps_below(inner)


def _either(exits: _Exits) -> Known | None:
    result: Known | None = None
    for known in (exits.ok, exits.skipped, exits.absent):
        if known is not None:
            result = known.meet(result)
    return result
