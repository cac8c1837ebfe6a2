"""DBOS with three durable steps behind FastAPI and uvicorn, as its documentation shows.

    python dbos_server.py PORT DATABASE

Runs in a virtual environment of its own (`install.py`), without this project.
"""

import sys

import uvicorn
from dbos import DBOS, DBOSConfig
from fastapi import FastAPI
from pydantic import BaseModel

port, database = int(sys.argv[1]), sys.argv[2]
config: DBOSConfig = {
    "name": "three",
    "system_database_url": f"sqlite:///{database}",
    "run_admin_server": False,
    "log_level": "ERROR",
}
DBOS(config=config)
app = FastAPI()


class Input(BaseModel):
    n: int


@DBOS.step()
async def add(input: dict[str, int]) -> dict[str, int]:
    return {"n": input["n"] + 1}


@DBOS.workflow()
async def three(n: int) -> dict[str, int]:
    a = await add({"n": n})
    b = await add({"n": a["n"]})
    return await add({"n": b["n"]})


@app.post("/three")
async def start(input: Input) -> dict[str, int]:
    return await three(input.n)


if __name__ == "__main__":
    DBOS.launch()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
