"""A client that holds every answer of a server against the server's own description."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]


class Described:
    """An httpx response hook: fails for an answer that the document does not describe.

    `seen` are the (operation, status) pairs that were met.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self.seen: set[tuple[str, str]] = set()
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(path))), operations)
            for path, operations in document["paths"].items()
        ]

    def operation(self, method: str, path: str) -> Json | None:
        """The operation of the first path that fits, as the server looks for it."""
        for pattern, operations in sorted(
            self._paths, key=lambda item: len(item[0].pattern), reverse=True
        ):
            if pattern.fullmatch(path) and method.lower() in operations:
                found: Json = operations[method.lower()]
                return found
        return None

    def __call__(self, response: httpx.Response) -> None:
        request = response.request
        operation = self.operation(request.method, request.url.path)
        if operation is None:
            assert response.status_code in (401, 404, 405), request.url
            return
        status = str(response.status_code)
        self.seen.add((operation["operationId"], status))
        described = operation["responses"].get(status)
        assert described is not None, f"{request.method} {request.url} gave {status}"
        if "$ref" in described:
            name = described["$ref"].rsplit("/", 1)[-1]
            described = self.document["components"]["responses"][name]
        response.read()
        kind = response.headers.get("content-type", "").partition(";")[0]
        if "content" not in described:
            assert not response.content
            return
        assert kind in described["content"], f"{request.url} gave {kind}"
        if kind.endswith("json"):
            self._check(described["content"][kind]["schema"], response.content)

    def takes(self, operation_id: str, body: Any) -> bool:
        """Whether the document says that the operation takes this body."""
        (operation,) = (
            operation
            for operations in self.document["paths"].values()
            for operation in operations.values()
            if operation["operationId"] == operation_id
        )
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return not self._problems(schema, body)

    def _check(self, schema: Json, content: bytes) -> None:
        problems = self._problems(schema, json.loads(content))
        assert not problems, f"{content[:500]!r}: {problems}"

    def _problems(self, schema: Json, value: Any) -> list[str]:
        whole = {"allOf": [schema], "components": self.document["components"]}
        validator = Draft202012Validator(whole, format_checker=FormatChecker())
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in validator.iter_errors(value)
        ]
