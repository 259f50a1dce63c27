# Every target says what it does after two hashes; `make help` prints that.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CODE := shared services sanlian
PYTHON ?=
ARGS ?=
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help up test check format docs bench lock clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

up: $(VENV)/.project ## Install what is needed, then migrate, load the demo and serve on port 8000
	$(BIN)/sanlian up $(ARGS)

test: $(VENV)/.dev $(VENV)/.project ## Set up and run all tests (ARGS="tests/shared -k outbox" for some)
	scripts/servers
	scripts/test $(ARGS)

check: $(VENV)/.dev $(VENV)/.project ## Run every check of the build but the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/sanlian migrate --check
	$(BIN)/sanlian docs --check

format: $(VENV)/.dev ## Put the code in its form and repair what can be repaired
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.project ## Write the generated documents anew
	$(BIN)/sanlian docs

bench: $(VENV)/.dev $(VENV)/.project ## Measure the published figures, each beside its limit
	$(BIN)/python -m bench $(ARGS)

lock: ## Resolve the locked dependencies anew (needs uv; ARGS=--upgrade for the newest)
	scripts/lock $(ARGS)

clean: ## Remove the virtual environment, caches and local state
	rm -rf $(VENV) .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	scripts/venv $(VENV)

$(VENV)/.runtime: requirements.lock requirements-build.lock | $(BIN)/python
	scripts/venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	scripts/venv $(VENV)
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $(VENV)/.runtime $@

$(VENV)/.project: pyproject.toml $(VENV)/.runtime
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@
