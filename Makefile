# What a newcomer needs; every target sets up what it uses. Needs Python 3.11 or newer and a network for packages.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check coverage coverage-runtime bench chaos

LANGUAGE ?= python
DEMO_python := examples/demo.py
DEMO_go := examples/demo_go.py

demo: $(READY)
	@$(BIN)/python $(or $(DEMO_$(LANGUAGE)),$(error there is no demo in $(LANGUAGE)))

test: check
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet .
	$(BIN)/mypy
	$(BIN)/python scripts/generate_models.py --check
	$(BIN)/python scripts/generate_dsl_reference.py --check
	$(BIN)/python scripts/generate_messages.py --check
	$(BIN)/python scripts/copy_migrations.py --check
	$(BIN)/python -m magicflow_cli.expr.build --check
	$(BIN)/python -m pytest tests/unit/test_import_graph.py

coverage: $(READY)
	$(BIN)/python -m coverage run --branch \
		--source=magicflow_cli.load,magicflow_cli.expr,magicflow_cli.check,magicflow_cli.compile \
		-m pytest tests/unit tests/golden tests/hostile tests/exactness/test_corpus.py
	$(BIN)/python -m coverage report --skip-covered --fail-under=95

# the engine's modules, each by lines and by branches
coverage-runtime: $(READY)
	$(BIN)/python -m coverage run --data-file=.coverage-runtime --branch \
		--source=magicflow.core,magicflow.engine,magicflow.store \
		-m pytest tests/runtime/core tests/runtime/engine tests/runtime/store \
		tests/runtime/simulation -k "not under_any_schedule"
	@mkdir -p htmlcov
	$(BIN)/python -m coverage json --data-file=.coverage-runtime -q -o htmlcov/runtime.json
	$(BIN)/python scripts/check_coverage.py htmlcov/runtime.json 95

# An installed package has its bytecode, whatever PYTHONDONTWRITEBYTECODE says here.
bench: $(READY)
	$(BIN)/python -m compileall -q magicflow_cli runtime/python
	$(BIN)/python tests/bench/bench_cli.py
	$(BIN)/python tests/bench/bench_generate.py
	$(BIN)/python tests/bench/bench_types.py
	$(BIN)/python tests/bench/bench_simulate.py
	$(BIN)/python tests/bench/bench_verify.py
	$(BIN)/python tests/bench/bench_go.py
	$(BIN)/python tests/bench/bench_core.py
	$(BIN)/python tests/bench/bench_restart.py
	$(BIN)/python tests/bench/bench_engine.py
	$(BIN)/python tests/bench/bench_go_server.py

chaos: $(READY)
	$(BIN)/python -m tests.runtime.faults.chaos --rounds 200

$(READY): pyproject.toml
	@.ci/venv $(VENV)
	@touch $@
