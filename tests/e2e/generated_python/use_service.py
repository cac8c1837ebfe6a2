"""Uses a running user-onboarding service by its generated clients; run by the tests with
the Python that the service is installed in. Prints what it found as JSON."""

import asyncio
import json
import sys

from magicflow.client import (
    InvalidInput,
    NotAuthorized,
    NotFound,
    WorkflowCancelled,
    WorkflowRejected,
)
from workflows.user_onboarding.client import (
    AsyncUserOnboardingClient,
    UserOnboardingClient,
)
from workflows.user_onboarding.constants import STEP_CREATE_ACCOUNT
from workflows.user_onboarding.types import UserOnboardingInput, UserOnboardingOutput

URL, TOKEN = sys.argv[1:3]
INPUT = UserOnboardingInput(email="ada@example.com", name="Ada")


def use_blocking() -> dict[str, object]:
    found: dict[str, object] = {}
    with UserOnboardingClient(URL, TOKEN) as client:
        output = client.execute(INPUT, idempotency_key="first")
        assert type(output) is UserOnboardingOutput
        found["output"] = output.to_json()
        again = client.start(INPUT, idempotency_key="first")
        found["same"] = client.status(again.id).status
        published = client.publish_workflow_event(INPUT, source="test")
        found["published"] = client.wait(published.id).status
        found["types"] = [event.type for event in client.events(published.id)]
        found["steps"] = [step["step"] for step in client.steps(published.id)]
        for kind, call in {
            "unknown run": lambda: client.status("no-such-run"),
            "broken input": lambda: client.start(
                UserOnboardingInput.model_construct(email="none", name="Ada")
            ),
        }.items():
            try:
                call()
            except (NotFound, InvalidInput) as error:
                found[kind] = [type(error).__name__, error.status]
    with UserOnboardingClient(URL, "wrong") as client:
        try:
            client.execute(INPUT)
        except NotAuthorized as error:
            found["wrong token"] = error.status
    return found


async def use_asyncio() -> dict[str, object]:
    found: dict[str, object] = {}
    async with AsyncUserOnboardingClient(URL, TOKEN) as client:
        runs = [await client.start(INPUT) for _ in range(5)]
        results = await asyncio.gather(*(client.result(run.id) for run in runs))
        found["results"] = sum(type(each) is UserOnboardingOutput for each in results)
        taken = UserOnboardingInput(email="taken@example.com", name="Ada")
        try:
            await client.execute(taken)
        except WorkflowRejected as failure:
            found["failure"] = [failure.code, failure.step == STEP_CREATE_ACCOUNT]
        slow = await client.start(
            UserOnboardingInput(email="slow@example.com", name="A")
        )
        await client.cancel(slow.id, "test")
        try:
            await client.result(slow.id)
        except WorkflowCancelled as failure:
            found["cancelled"] = failure.status
    return found


found = use_blocking()
found["asyncio"] = asyncio.run(use_asyncio())
print(json.dumps(found))
