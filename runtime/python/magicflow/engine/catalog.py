"""The plans that a server runs: what is deployed now, and what old runs stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from magicflow.engine.encoding import decode, encode
from magicflow.engine.tasks import NotFound
from magicflow.engine.triggers import EventTrigger, event_triggers
from magicflow.plan import Plan, load_plan
from magicflow.store import PlanRow, Store
from magicflow.versions import parse_version, satisfies


@dataclass(slots=True, eq=False)
class Deployed:
    """A plan, ready to run, with its JSON."""

    plan: Plan
    json: Mapping[str, Any]
    event_triggers: tuple[EventTrigger, ...] = ()

    def row(self, now: int) -> PlanRow:
        plan = self.plan
        return PlanRow(plan.hash, plan.name, plan.version, encode(self.json), now)


class Catalog:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_hash: dict[str, Deployed] = {}
        self._by_name: dict[str, dict[str, Deployed]] = {}
        self._current: dict[str, Deployed] = {}

    def deploy(self, json: Mapping[str, Any]) -> Deployed:
        """Make a plan startable; of one version the last deployment counts. Raises
        PlanError for what is no plan."""
        deployed = Deployed(load_plan(json), json, tuple(event_triggers(json)))
        plan = deployed.plan
        self._by_hash[plan.hash] = deployed
        versions = self._by_name.setdefault(plan.name, {})
        versions[plan.version] = deployed
        self._current[plan.name] = max(
            versions.values(), key=lambda d: parse_version(d.plan.version)
        )
        return deployed

    def current(self, name: str) -> Deployed:
        """The newest version. Raises NotFound, with a suggestion."""
        found = self._current.get(name)
        if found is None:
            near = get_close_matches(name, self._current, n=1)
            help = f"; did you mean `{near[0]}`?" if near else ""
            raise NotFound(f"there is no workflow `{name}`{help}")
        return found

    def resolve(self, name: str, range: str) -> Deployed:
        """The newest version in a range. Raises NotFound."""
        if range in ("", "*"):
            return self.current(name)
        versions = self._by_name.get(name, {})
        try:
            fitting = [v for v in versions if satisfies(v, range)]
        except ValueError as error:
            raise NotFound(str(error)) from None
        if not fitting:
            raise NotFound(f"there is no workflow `{name}` of a version `{range}`")
        return versions[max(fitting, key=parse_version)]

    def of_hash(self, hash: str) -> Deployed:
        """The plan that a run started on. Raises NotFound."""
        found = self._by_hash.get(hash)
        if found is None:
            row = self._store.plan(hash)
            if row is None:
                raise NotFound(f"there is no plan {hash}")
            json = decode(row.plan)
            found = self._by_hash[hash] = Deployed(load_plan(json), json)
        return found

    def all(self) -> list[Deployed]:
        """Every plan that was deployed or that an old run stands on."""
        return list(self._by_hash.values())

    def __iter__(self) -> Iterator[Deployed]:
        """The newest version of each workflow, by name."""
        return iter([self._current[name] for name in sorted(self._current)])
