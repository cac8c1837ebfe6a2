"""Step `create-guest-account`: the function `create-guest-account` of the executor `account-service`.

This file is yours: magic-flow wrote it once and leaves it alone."""

from __future__ import annotations

from magicflow.worker import TaskContext

from ..types import CreateGuestAccountInput, CreateGuestAccountOutput


def create_guest_account(
    context: TaskContext,
    input: CreateGuestAccountInput,
) -> CreateGuestAccountOutput:
    context.logger.warning(
        "step `create-guest-account` is a stub: it returns an example"
    )
    return CreateGuestAccountOutput.from_json(
        {
            "user_id": "string",
            "account_status": "active",
            "created_at": "2026-01-31T12:00:00Z",
            "verification_status": "verified",
            "welcome_email_sent": True,
        },
    )
