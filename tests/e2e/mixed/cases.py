"""What the steps of both examples do in a run, and how the run must end."""

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

    @property
    def input(self) -> Any:
        return USER if self.workflow == "user-onboarding" else PAYMENT

    @property
    def script(self) -> dict[str, list[dict[str, Any]]]:
        base = USER_SCRIPT if self.workflow == "user-onboarding" else PAYMENT_SCRIPT
        return {**base, **self.changes}


SLOW = {"sleep": 1500, "output": {}}
U, P = "user-onboarding", "payment-processing"
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
]
