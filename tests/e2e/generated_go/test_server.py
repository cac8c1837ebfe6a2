"""The generated server: options and configuration, functions in its own process."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import httpx
import pytest
from magicflow.client import Client

from tests.e2e.generated_go.conftest import Start
from tests.e2e.generated_python.conftest import clean_environment
from tests.languages import build, go, lack

INPUT = {"email": "ada@example.org", "name": "Ada"}


def test_server_and_functions_in_one_process(start: Start, server: Path) -> None:
    """The stubs give examples; a run of user-onboarding goes on to its end."""
    process = start("--no-auth", "--in-process", "--port", "0", of=server)
    with Client(process.wait_for_start("listening on ")) as client:
        ended = client.wait(client.start("user-onboarding", INPUT).id, 20)
        assert ended.status in ("completed", "failed")
        steps = {row["step"]: row["status"] for row in client.steps(ended.id)}
    assert steps["validate-user"] == "completed"
    assert process.stop() == 0
    told = [line for line in process.lines if line.get("step") == "validate-user"]
    assert told and told[0]["run_id"] == ended.id


@pytest.fixture(scope="module")
def static(project: Path) -> Path:
    """The server as the project's Dockerfile builds it."""
    binary = project / "bin" / "static"
    flags = ("-trimpath", "-o", str(binary), "./cmd/server")
    done = go("build", *flags, cwd=project, env={"CGO_ENABLED": "0"})
    assert done.returncode == 0, done.stderr
    return binary


def segments(binary: bytes) -> set[int]:
    """The types of an ELF file's segments."""
    assert binary[:5] == b"\x7fELF\x02"
    table = int.from_bytes(binary[32:40], "little")
    size, count = struct.unpack_from("<HH", binary, 54)
    return {
        int(struct.unpack_from("<I", binary, table + size * index)[0])
        for index in range(count)
    }


def test_the_binary_alone_is_enough(static: Path, start: Start, tmp_path: Path) -> None:
    """Linked with nothing, in a file system that has nothing else: no libraries, time
    zones, /tmp, plan or scripts of the database. The run is there after a restart."""
    loader, dynamic = 3, 2
    assert not segments(static.read_bytes()) & {loader, dynamic}
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(static, root / "server")
    jail = ["chroot", str(root)]
    if os.geteuid() != 0:
        jail = ["unshare", "--user", "--map-root-user", *jail]
    if subprocess.run([*jail, "/server", "-h"], capture_output=True).returncode != 0:
        lack("chroot is not possible here")
    command = (*jail[1:], "/server", "--no-auth", "--in-process", "--port", "0")
    enter = Path(str(shutil.which(jail[0])))
    process = start(*command, of=enter)
    with Client(process.wait_for_start("listening on ")) as client:
        run_id = client.start("user-onboarding", INPUT).id
        ended = client.wait(run_id, 20)
    assert process.stop() == 0
    process = start(*command, of=enter)
    with Client(process.wait_for_start("listening on ")) as client:
        assert client.status(run_id) == ended
    assert process.stop() == 0
    names = {file.name.split("-")[0] for file in root.iterdir()}
    assert names == {"server", "magicflow.db", "magicflow.db.lock"}


def test_without_in_process_functions_are_polled_for(
    start: Start, server: Path
) -> None:
    process = start("--no-auth", "--port", "0", of=server)
    with Client(process.wait_for_start("listening on ")) as client:
        run = client.start("user-onboarding", INPUT)
        assert client.status(run.id).status == "running"
    assert process.stop() == 0


def test_the_file_is_read_and_what_it_cannot_mean_is_told(
    start: Start, server: Path, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.yaml").write_text(
        "server: {port: 0}\nstorage: {embedded: {path: kept/runs.db}}\n"
        "auth: {tokens: [{name: a, value: '${SECRET}'}]}\nspeed: {fast: true}\n"
    )
    process = start(of=server, SECRET="s3")
    process.wait_for("the setting `speed` has no effect yet")
    url = process.wait_for_start("listening on ")
    assert httpx.get(f"{url}/api/v2/workflows").status_code == 401
    headers = {"Authorization": "Bearer s3"}
    assert httpx.get(f"{url}/api/v2/workflows", headers=headers).status_code == 200
    assert process.stop() == 0
    assert (tmp_path / "kept" / "runs.db").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "token"),
        (("--no-auth", "--host", "0.0.0.0"), "loopback"),
        (("--no-such",), "no-such"),
        (("--config", "none.yaml"), "none.yaml"),
        (("--no-auth", "more"), "more"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    server: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = subprocess.run(
        [server, *arguments],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert re.fullmatch(rf"error: .*{re.escape(message)}.*\n", done.stderr)


def test_a_run_without_a_server(project: Path, tmp_path: Path) -> None:
    """By the stubs' example the user is not valid, and the workflow says what then."""
    place = project / "cmd" / "once"
    place.mkdir()
    shutil.copy(Path(__file__).parent / "once" / "main.go", place / "main.go")
    try:
        program = build(project, "./cmd/once", tmp_path / "once")
    finally:
        shutil.rmtree(place)
    done = subprocess.run(
        [program, json.dumps(INPUT)], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(("completed {", "failed ")), done.stdout
    assert "this step is a stub" in done.stderr
    assert list(tmp_path.iterdir()) == [program]
