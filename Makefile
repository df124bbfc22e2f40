# Everything here sets itself up: a fresh machine needs Python >= 3.11 and make.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
POP_OPENAPI ?= http://127.0.0.1:8090/api/v1/openapi.json

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports unit contract bench models docs concepts score mutation constraints clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/pop-gateway: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on the PATH"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,postgres]'
	@touch $@

demo: $(BIN)/pop-gateway ## the main job on embedded defaults: EHR, POP, gateway and console on 127.0.0.1
	$(BIN)/pop-gateway demo $(DEMO_ARGS)

test: $(BIN)/pop-gateway lint types imports unit ## linters, types, import rules and every test

lint: $(BIN)/pop-gateway ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(BIN)/pop-gateway ## mypy, strict
	$(BIN)/mypy

imports: $(BIN)/pop-gateway ## the dependency rule of docs/architecture.md
	$(BIN)/lint-imports --no-cache

unit: $(BIN)/pop-gateway ## the tests alone
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

# A sandbox for each of two workers; a real POP is asked one thing at a time. More settings: docs/contract.md.
contract: $(BIN)/pop-gateway ## what is known of POP, held against the sandbox, or a real POP: POP_URL= POP_USER= POP_PASSWORD=
	$(BIN)/pytest tests/contract -n $(if $(POP_URL),0,2) --timeout 3600 -rs --report $(or $(REPORT),contract.tsv) $(PYTEST_ARGS)

bench: $(BIN)/pop-gateway ## the benchmarks beside their baselines
	$(BIN)/pop-gateway bench all

models: $(BIN)/pop-gateway ## payload models from POP's OpenAPI document: make models POP_OPENAPI=URL-or-file
	$(BIN)/python -m adapters.pop.generate $(POP_OPENAPI)

score: $(BIN)/pop-gateway ## recall and precision of the mappers on the adjudicated patients, per kind and dialect
	PYTHONPATH=tests $(BIN)/python -m adjudicated.score $(SCORE_ARGS)

mutation: $(BIN)/pop-gateway ## wrong mapping rules, and how many of them the tests notice: make mutation MUTATION_ARGS="--count 300 --minutes 60"
	PYTHONPATH=tests:tests/faults $(BIN)/python -m mutation.score $(MUTATION_ARGS)

docs: $(BIN)/pop-gateway ## docs/mapping.md and docs/mapping/ from the mappers themselves
	$(BIN)/python -m gateway.mappingdocs docs tests/adjudicated/patients fixtures/patients

concepts: $(BIN)/pop-gateway ## add the concepts that new fixtures need to the sandbox POP: make concepts TERMINOLOGIES=folder-of-full-lists
	$(BIN)/python -m gateway.fixtureconcepts $(TERMINOLOGIES)

constraints: $(BIN)/pop-gateway ## renew constraints.txt from what is installed
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -vE '^(pip|setuptools)==| @ ' | sort -f; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove what the targets made
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
