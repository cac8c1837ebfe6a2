# What a newcomer needs; each target sets up what it uses. Python 3.11 or newer and a network for packages.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: check
	$(BIN)/python tests/e2e/install_wheel.py .wheel
	MAGIC_FLOW="$(CURDIR)/.wheel/bin/magic-flow" $(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/mypy
	$(BIN)/python tests/current.py

bench: $(READY)
	$(BIN)/python -m tests.bench

$(READY): pyproject.toml
	@sh .ci/venv "$(VENV)"
	@touch $@
