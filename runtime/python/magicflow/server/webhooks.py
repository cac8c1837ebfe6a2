"""Completion webhooks and event delivery: signed, retried by the outbox."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from magicflow.server.egress import EgressPolicy
from magicflow.server.requests import GuardedClient

Json = dict[str, Any]


class DeliveryFailed(Exception):
    """The receiver did not take it; the outbox tries again."""


class Webhooks:
    """`Magicflow-Delivery` is the same over all deliveries of one message, so that a
    receiver can drop duplicates; `Magicflow-Signature` is `sha256=<hex>` of the body
    under the shared secret."""

    def __init__(self, policy: EgressPolicy, secret: str | None = None) -> None:
        self._client = GuardedClient(policy)
        self._secret = None if secret is None else secret.encode()

    async def call(self, url: str, body: Json) -> None:
        """Raises DeliveryFailed or WorkflowError."""
        message = {k: v for k, v in body.items() if k != "url"}
        await self._post(url, message["id"], message, "application/json")

    def sink(self, url: str) -> Callable[[Json], Awaitable[None]]:
        """Delivers CloudEvents to one address."""

        async def deliver(cloud: Json) -> None:
            await self._post(url, cloud["id"], cloud, "application/cloudevents+json")

        return deliver

    async def _post(self, url: str, delivery: str, body: Json, kind: str) -> None:
        content = orjson.dumps(body)
        headers = {"Content-Type": kind, "Magicflow-Delivery": delivery}
        headers["Host"] = url.partition("://")[2].partition("/")[0]
        if self._secret is not None:
            digest = hmac.new(self._secret, content, hashlib.sha256).hexdigest()
            headers["Magicflow-Signature"] = f"sha256={digest}"
        status, _, _ = await self._client.request("POST", url, headers, content)
        if not 200 <= status < 300:
            raise DeliveryFailed(f"{url} answered {status}")
