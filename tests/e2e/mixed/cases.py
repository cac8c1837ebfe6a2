"""What the steps do in a run, and how the run must end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

USER = {"email": "ada@example.org", "name": "Ada", "preferences": {"newsletter": True}}
PAYMENT = {"user_id": "u1", "amount": 12.5, "currency": "EUR"}
ACCOUNT = {"output": {"user_id": "u-1", "account_status": "active"}}
USER_SCRIPT: dict[str, list[dict[str, Any]]] = {
    "validate-user": [{"output": {"valid": True, "errors": []}}],
    "create-account": [ACCOUNT],
    "create-guest-account": [
        {"output": {"user_id": "guest", "account_status": "pending"}}
    ],
    "send-welcome-email": [{"output": {"welcome_email_sent": True}}],
    "cleanup-partial-data": [{"output": {"removed": 3}}],
    "notify-validation-error": [{"output": None}],
}
PAYMENT_SCRIPT: dict[str, list[dict[str, Any]]] = {
    "validate-payment": [{"output": {}}],
    "charge-card": [{"output": {"transaction_id": "t-1"}}],
    "update-inventory": [{"output": {"reserved": 2}}],
    "confirm-order": [
        {
            "output": {
                "transaction_id": "t-1",
                "status": "success",
                "timestamp": "2026-01-31T12:00:00.5Z",
            }
        }
    ],
    "notify-failure": [{"output": {"sent": True}}],
    "rollback-payment": [{"output": ["undone"]}],
}
ORDER: dict[str, Any] = {
    "id": "A1",
    "total": 12.5,
    "kind": 'with "quotes"',
    "lines": [{"sku": "a"}, {"sku": "b", "count": 2, "parts": [{"sku": "c"}]}],
    'required"null': None,
    "placed": "2026-01-31t12:00:00.123456789+01:00",
    "serial": "9007199254740993",
    "weight": "1.50",
    "photo": "aGk=",
    "corner": [0.5, 3],
    "note": None,
    "": "e",
    "-": "m",
    "a,b": False,
    "__proto__": 5,
    "größe": 7,
    "from": "x",
    'quote"back\\slash': ["{x}"],
    "payment": {"type": "coins"},
    "any": {"z": [None, 1e300]},
    "labels": {"a": "b"},
    "options": {"first": 1, "second": 2},
    "either": None,
    "constant": 'fi"xed',
    "one": 1,
    "mixed": True,
}
KITCHEN_SCRIPT: dict[str, list[dict[str, Any]]] = {
    "validate": [{"output": {"ok": True, "score": None}}],
    "class": [{"output": {"x": [1, None, "ü"]}}],
    "2fa-code": [{"output": {"code": "123"}}],
    "lambda": [{"output": {"code": "fall"}}],
    "notify-me": [{"output": None}],
    "do-a": [{"output": None}],
    "do-other": [{"output": {"a": 1}}],
    "card": [{"output": {"id": "c-1"}}],
    "reserve": [{"output": {"reservation": "r-1"}}],
    "pack": [{"output": {"parcel": "p-1"}}],
}

TRIP_SCRIPT: dict[str, list[dict[str, Any]]] = {
    "book": [{"output": {"room": 7}}],
    "pay": [{"output": None}],
    "book/compensate": [{"output": None}],
}


def fails(code: str, retryable: bool = True) -> dict[str, Any]:
    error = {"code": code, "message": "no", "retryable": retryable}
    return {"error": {**error, "details": {"why": ["x", 1.5]}}}


@dataclass(frozen=True)
class Case:
    name: str
    workflow: str
    status: str
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    code: str = ""
    entered: tuple[str, ...] = ()

    order: dict[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> Any:
        if self.workflow == K:
            return {"order": {**ORDER, **self.order}, "tree": {"a": {"b": {}}}}
        return {U: USER, P: PAYMENT, T: {"city": "Oslo"}}[self.workflow]

    @property
    def script(self) -> dict[str, list[dict[str, Any]]]:
        base = {U: USER_SCRIPT, P: PAYMENT_SCRIPT, K: KITCHEN_SCRIPT, T: TRIP_SCRIPT}[
            self.workflow
        ]
        return {**base, **self.changes}

    @property
    def id(self) -> str:
        return f"{self.workflow}-{self.name}"


SLOW = {"sleep": 6500, "output": {}}
"""Longer than a step may take."""
U, P, K = "user-onboarding", "payment-processing", "kitchen-sink"
T = "trip"
CASES = [
    Case("success", U, "completed"),
    Case(
        "retried",
        U,
        "completed",
        {
            "validate-user": [
                fails("BUSY"),
                fails("BUSY"),
                *USER_SCRIPT["validate-user"],
            ]
        },
    ),
    Case(
        "retries-used-up",
        U,
        "failed",
        {"validate-user": [fails("BUSY")]},
        "BUSY",
        ("notify-validation-error",),
    ),
    Case(
        "not-retryable",
        U,
        "failed",
        {"validate-user": [fails("BAD_USER", False)]},
        "BAD_USER",
        ("notify-validation-error",),
    ),
    Case(
        "refused-by-a-rule",
        U,
        "failed",
        {"validate-user": [{"output": {"valid": False, "errors": ["too young"]}}]},
        "WORKFLOW_ERROR",
    ),
    Case(
        "fallback",
        U,
        "completed",
        {"create-account": [{**SLOW, **ACCOUNT}]},
        "",
        ("create-guest-account",),
    ),
    Case(
        "handler",
        U,
        "failed",
        {"create-account": [fails("BUSY")]},
        "BUSY",
        ("cleanup-partial-data",),
    ),
    Case("ignored-timeout", U, "completed", {"send-welcome-email": [SLOW]}),
    Case("success", P, "completed"),
    Case(
        "a-branch-fails",
        P,
        "failed",
        {
            "charge-card": [fails("DECLINED", False)],
            "update-inventory": [{"sleep": 300, "output": {}}],
        },
        "DECLINED",
    ),
    Case(
        "a-branch-retries",
        P,
        "completed",
        {"charge-card": [fails("BUSY"), *PAYMENT_SCRIPT["charge-card"]]},
    ),
    Case(
        "handler",
        P,
        "failed",
        {"validate-payment": [fails("BUSY")]},
        "BUSY",
        ("notify-failure",),
    ),
    Case("timeout", P, "failed", {"confirm-order": [SLOW]}, "TIMEOUT"),
    Case("rollback", P, "failed", {"confirm-order": [fails("NO", False)]}, "NO"),
    Case("success", K, "completed"),
    Case(
        "reviewed",
        K,
        "completed",
        entered=("review", "do-a"),
        order={"total": 2000, "kind": "in-transit"},
    ),
    Case(
        "retried",
        K,
        "completed",
        {"2fa-code": [fails("RATE_LIMITED"), *KITCHEN_SCRIPT["2fa-code"]]},
    ),
    Case(
        "fallback",
        K,
        "completed",
        {"2fa-code": [{**SLOW, "output": {"code": "late"}}]},
        entered=("lambda",),
    ),
    Case(
        "handled",
        K,
        "failed",
        {"2fa-code": [fails("NO_SUCH_USER", False)]},
        "NO_SUCH_USER",
        ("notify-me",),
    ),
    Case(
        "rejected",
        K,
        "failed",
        {"validate": [{"output": {"ok": False}}]},
        "REJECTED",
    ),
    Case(
        "an-iteration-fails", K, "failed", {"pack": [fails("BROKEN", False)]}, "BROKEN"
    ),
    Case(
        "a-branch-fails",
        K,
        "failed",
        {"card": [{**fails("DECLINED", False), "sleep": 700}]},
        "DECLINED",
    ),
    Case("undone", T, "failed", {"pay": [fails("DECLINED", False)]}, "DECLINED"),
]
