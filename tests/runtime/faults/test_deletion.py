"""Deleting a run's data: afterwards what was in it is in no table, log or file."""

from __future__ import annotations

import httpx

from tests.runtime.faults.processes import Place

CANARY = "canary-7f3b9d2e"


def test_what_was_deleted_is_nowhere(place: Place) -> None:
    """In the input, metadata, keys, a webhook and an error; beside other runs, that
    stay; also after the server was killed and another has started."""
    server = place.start()
    with httpx.Client(base_url=place.url, timeout=20) as http:
        bodies = {
            "three": {"input": {"n": 1, "label": CANARY}, "foreign_id": CANARY},
            "undone": {"input": {"n": 1}, "metadata": {"note": CANARY}},
            "mixed": {"input": {"n": 1}, "idempotency_key": CANARY},
        }
        gone = []
        for workflow, body in bodies.items():
            url = f"/api/v2/workflows/{workflow}/execute?wait=20s"
            assert http.post(url, json={"input": {"n": 5}}).status_code == 200
            answer = http.post(url, json=body)
            assert answer.status_code == 200, answer.text
            gone.append(answer.json()["execution_id"])
        bad = {"input": {"n": CANARY}}
        refused = http.post("/api/v2/workflows/three/execute", json=bad)
        assert refused.status_code == 422
        assert any(CANARY.encode() in content for content in contents(place).values())
        for run_id in gone:
            answer = http.delete(f"/api/v2/executions/{run_id}")
            assert answer.status_code == 204, answer.text
        for run_id in gone:
            assert http.get(f"/api/v2/executions/{run_id}").status_code == 404
        assert CANARY not in http.get("/metrics").text
        for name, content in contents(place).items():
            assert CANARY.encode() not in content, name
    server.kill()
    assert CANARY.encode() not in server.errors
    with place.server(), httpx.Client(base_url=place.url, timeout=20) as http:
        rows = http.get("/api/v2/executions?limit=100").json()["executions"]
        # the child of the run that was deleted went with it
        assert sorted(row["workflow"] for row in rows) == [
            "mixed",
            "three",
            "three",
            "undone",
        ]
        for name, content in contents(place).items():
            assert CANARY.encode() not in content, name


def contents(place: Place) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes()
        for file in place.folder.iterdir()
        if file.is_file()
    }
