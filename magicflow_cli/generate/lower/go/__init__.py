"""Go: what is generated, and from which module."""

from magicflow_cli.generate.lower.go.checks import check_request
from magicflow_cli.generate.lower.go.project import lower_project
from magicflow_cli.generate.lower.go.sinks import FILTERS
from magicflow_cli.generate.model import Language

_HERE = "magicflow_cli.generate.lower.go"

LANGUAGE = Language(
    name="go",
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
