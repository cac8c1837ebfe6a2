"""The code behind the demo's steps: functions registered with generated constants, their
types checked when they are registered and by mypy.

`make demo` runs it beside the generated server: python examples/onboarding_steps.py
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from magicflow import TaskContext, WorkflowError
from workflows.user_onboarding import types as t
from workflows.user_onboarding.constants import (
    STEP_CLEANUP_PARTIAL_DATA,
    STEP_CREATE_ACCOUNT,
    STEP_CREATE_GUEST_ACCOUNT,
    STEP_EXTERNAL_VERIFICATION,
    STEP_NOTIFY_VALIDATION_ERROR,
    STEP_SEND_WELCOME_EMAIL,
    STEP_SKIP_VERIFICATION,
    STEP_VALIDATE_USER,
)
from workflows.user_onboarding.executor import UserOnboardingExecutor

ACCOUNTS = {"taken@example.com"}


async def validate_user_data(input: t.ValidateUserInput) -> t.ValidateUserOutput:
    await asyncio.sleep(0.4)
    known = "@" in input.user_data.email
    return t.ValidateUserOutput(valid=known, errors=[] if known else ["email"])


async def create_user_account(input: t.CreateAccountInput) -> t.CreateAccountOutput:
    await asyncio.sleep(0.6)
    if input.email in ACCOUNTS:
        raise WorkflowError(
            "EMAIL_TAKEN", f"{input.email} has an account", retryable=False
        )
    return t.CreateAccountOutput(
        user_id=f"user-{len(input.name):03}",
        account_status=t.UserOnboardingOutputAccountStatus.ACTIVE,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


async def create_guest_account(
    input: t.CreateGuestAccountInput,
) -> t.CreateGuestAccountOutput:
    return t.CreateGuestAccountOutput(user_id="guest")


async def send_welcome_email(
    context: TaskContext, input: t.SendWelcomeEmailInput
) -> t.SendWelcomeEmailOutput:
    context.logger.info("welcome, %s", input.name)
    await asyncio.sleep(0.3)
    return t.SendWelcomeEmailOutput(welcome_email_sent=True)


async def clean_up(context: TaskContext, input: t.CleanupPartialDataInput) -> None:
    context.logger.info("cleaning up after %s", input.error.code)
    await asyncio.sleep(0.3)


async def verify_user(input: t.ExternalVerificationInput) -> dict[str, bool]:
    return {"verified": True}


async def do_nothing(context: TaskContext, input: object) -> None:
    context.logger.info("nothing to do for %s", context.step)


def build_executor() -> UserOnboardingExecutor:
    executor = UserOnboardingExecutor()
    executor.register_function(STEP_VALIDATE_USER, validate_user_data)
    executor.register_function(STEP_CREATE_ACCOUNT, create_user_account)
    executor.register_function(STEP_CREATE_GUEST_ACCOUNT, create_guest_account)
    executor.register_function(STEP_SEND_WELCOME_EMAIL, send_welcome_email)
    executor.register_function(STEP_CLEANUP_PARTIAL_DATA, clean_up)
    executor.register_function(STEP_EXTERNAL_VERIFICATION, verify_user)
    executor.register_function(STEP_SKIP_VERIFICATION, do_nothing)
    executor.register_function(STEP_NOTIFY_VALIDATION_ERROR, do_nothing)
    return executor


if __name__ == "__main__":
    build_executor().start()
