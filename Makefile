# Everything a fresh machine with git, make and python3 needs: each target first makes .venv and installs into it.
# The interpreter: make PYTHON=python3.12 …
# Tests take from milliseconds to half a minute: a worker that has run out of its own takes over some of the other's.

PYTHON ?= python3
BIN := .venv/bin
SEEDS ?= 1000

.PHONY: help dev demo test lint unit simulate bench companion clean

help:
	@echo "make demo      an invented academy, one pull, one gradebook; needs no Moodle"
	@echo "make test      ruff, mypy and all tests"
	@echo "make lint      ruff and mypy only"
	@echo "make simulate  SEEDS=$(SEEDS) seeded scenarios with faults and kills"
	@echo "make bench     figures against a floor"
	@echo "make companion the plugin for Moodle as a zip, into dist/"
	@echo "make dev       only make .venv"
	@echo "make clean     remove .venv, the demo and caches"

dev: .venv/ready

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "lms-sync needs Python 3.11 or newer, and $(PYTHON) is not: install it, or name it: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian: apt install python3-venv)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24' 'setuptools>=77'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: dev
	$(BIN)/lms-sync demo

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

test: lint unit

simulate: dev
	LMS_SYNC_SEEDS=$(SEEDS) $(BIN)/python -m pytest -n 2 --dist worksteal -m simulation tests/simulation

bench: dev
	$(BIN)/python -m benchmarks

companion:
	@$(PYTHON) connectors/build_companion.py dist

clean:
	rm -rf .venv demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
