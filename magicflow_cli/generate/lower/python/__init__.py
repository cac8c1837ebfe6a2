"""Python: what is generated, and from which module."""

from magicflow_cli.generate.lower.python.checks import check_request
from magicflow_cli.generate.lower.python.project import lower_project
from magicflow_cli.generate.lower.python.sinks import FILTERS
from magicflow_cli.generate.model import Language

_HERE = "magicflow_cli.generate.lower.python"

LANGUAGE = Language(
    name="python",
    targets={
        "types": f"{_HERE}.types",
        "executor": f"{_HERE}.executor",
        "server": f"{_HERE}.server",
        "client": f"{_HERE}.client",
    },
    requires={
        "executor": ("types",),
        "server": ("types",),
        "client": ("types",),
    },
    project=lower_project,
    check=check_request,
    filters=FILTERS,
)
