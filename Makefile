# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data

.DEFAULT_GOAL := help
.PHONY: help demo test check bench proof format clean

help: ## say what each command does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(VENV)/train.stamp ## install, then score a synthetic company from its database to a report page
	$(BIN)/leadml demo

test: $(VENV)/dev.stamp ## install, then run the tests
	$(BIN)/pytest -n 2 --dist worksteal -m "not proof"

check: $(VENV)/dev.stamp ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.stamp ## speed and quality figures (DATA=folder with the public data sets)
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.batch --on sqlite postgresql
	$(BIN)/python -m benchmarks.rules
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.guarantee
	$(BIN)/python -m benchmarks.volumes
	$(BIN)/python -m benchmarks.quality $(DATA)

proof: $(VENV)/dev.stamp ## the long statistical proofs
	$(BIN)/pytest -m proof

format: $(VENV)/dev.stamp ## bring the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment and the demo's files
	rm -rf $(VENV) demo

$(VENV)/train.stamp: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --editable ".[train]"
	@touch $@

$(VENV)/dev.stamp: pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint .ci/constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/train.stamp

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "leadml needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
