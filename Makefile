# `make` alone lists the commands. Each one sets up what it needs on a fresh clone.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info < (3,13))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python
VENV := .venv/.installed
SUPERSET_VENV := .venv-superset/.installed
UV = $(shell command -v uv || echo .venv/bin/uv)

CREATORS ?= 200
DAYS ?= 120
API_DAYS ?= 3
REPLAY ?=
DATA ?= ../shared/data
ARGS ?= build
ROWS ?= 3000000
PYTEST ?= $(PY) -m pytest
# keys and passwords are named in many places; what is looked for is their values
SECRETS := --disable-plugin KeywordDetector --exclude-files '(^|/)requirements.*\.lock$$' --exclude-lines 'user:password@|XXXXXXXXXX@|pragma: allowlist'
APT_PACKAGES := chromium postgresql
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)

.PHONY: help demo up screenshots test test-fast soak evaluate bench bench-warehouse bench-dashboards check format lock deps superset-env dbt clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

# Bytecode is compiled at once: where Python keeps none, every process would compile all it imports.
$(VENV): requirements-dev.lock
	@[ -n "$(PYTHON)" ] || { echo "error: python: no 3.11 or 3.12 found. Install one, or pass PYTHON=/path/to/python3." >&2; exit 2; }
	@[ -x $(PY) ] || $(PYTHON) -m venv .venv || { echo "error: $(PYTHON): cannot make a virtual environment. Install its venv module (Debian: python3-venv)." >&2; exit 2; }
	@command -v uv >/dev/null || [ -x .venv/bin/uv ] || $(PY) -m pip install --quiet "$$(grep -oE '^uv==[0-9.]+' requirements-dev.lock)"
	@echo "Installing the locked packages into .venv"
	@$(UV) pip sync --quiet --compile-bytecode --python $(PY) --require-hashes requirements-dev.lock
	@touch $@

$(SUPERSET_VENV): dashboards/requirements.lock | $(VENV)
	@echo "Installing the locked packages into .venv-superset"
	@[ -x .venv-superset/bin/python ] || $(PYTHON) -m venv --without-pip .venv-superset
	@$(UV) pip sync --quiet --compile-bytecode --python .venv-superset/bin/python --require-hashes dashboards/requirements.lock
	@touch $@

superset-env: $(SUPERSET_VENV)  ## Install Superset's own environment

demo: $(VENV)  ## Run everything once on an embedded warehouse (REPLAY=DIR for recorded data, CREATORS=200, DAYS=120, API_DAYS=3)
	@$(PY) -m orchestration demo --creators "$(CREATORS)" --days "$(DAYS)" --api-days "$(API_DAYS)" $(if $(REPLAY),--replay "$(REPLAY)")

up: $(VENV) $(SUPERSET_VENV)  ## Serve what the last demo built, or your own warehouse, with every UI
	@$(PY) -m orchestration up

screenshots: $(VENV) deps  ## Take pictures of the dashboards that make up serves, into docs/img
	@$(PY) -m dashboards screenshots

test: $(VENV) $(SUPERSET_VENV) deps  ## Run every test
	@$(PYTEST) tests

test-fast: $(VENV)  ## Run the unit tests (no network, no services)
	@$(PYTEST) tests/unit -q

soak: $(VENV)  ## Run the full counts of kills and property runs
	@SOAK_KILLS=20 $(PYTEST) tests/soak

evaluate: $(VENV)  ## Measure the models on real data (DATA=../shared/data) and on built worlds (WORLDS="dir dir"), each figure beside what it must reach
	@$(PY) -m ml.evaluation --data "$(DATA)"
	@$(if $(WORLDS),$(PY) -m benchmarks.world_evaluation $(foreach world,$(WORLDS),--path "$(world)"))

bench: $(VENV) $(SUPERSET_VENV)  ## Print the benchmarks, as ratios within one run
	@$(PY) -m benchmarks.warehouse
	@$(PY) -m benchmarks.ingestion
	@$(PY) -m benchmarks.history
	@$(PY) -m benchmarks.forecast
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PY) -m benchmarks.post_days --rows "$(ROWS)" --path "$$folder"; \
	$(PY) -m benchmarks.dashboards --rows "$(ROWS)" --path "$$folder"

bench-warehouse: $(VENV)  ## Measure a day, a full refresh and chart queries on a long history (ROWS=3000000 post-days)
	@$(PY) -m benchmarks.post_days --rows "$(ROWS)"

bench-dashboards: $(VENV) $(SUPERSET_VENV)  ## Open every dashboard on such a history as a browser does (ROWS=3000000 post-days)
	@$(PY) -m benchmarks.dashboards --rows "$(ROWS)"

check: $(VENV)  ## Lint, types, import directions, SQL style, secrets
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) -m orchestration.kpi_page --check
	@$(PY) -m orchestration.dbt_exposures --check
	@.venv/bin/sqlfluff lint --disable-progress-bar dbt_project/models
	@git ls-files -z | xargs -0 .venv/bin/detect-secrets-hook $(SECRETS)

format: $(VENV)  ## Format Python and SQL
	@$(PY) -m orchestration.dbt_platforms
	@$(PY) -m orchestration.kpi_page
	@$(PY) -m orchestration.dbt_exposures
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .
	@.venv/bin/sqlfluff fix --disable-progress-bar dbt_project/models

lock: $(VENV)  ## Write the lock files again from pyproject.toml and dashboards/requirements.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header dashboards/requirements.in -o dashboards/requirements.lock

deps:  ## Install the Debian packages that tests need (chromium, PostgreSQL)
	@missing=""; for p in $(APT_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { echo "Installing$$missing"; \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } \
	|| { echo "make deps: cannot install$$missing here; as root: apt-get install$$missing. Tests that need them are skipped." >&2; [ "$${CI:-}" != true ]; }

dbt: $(VENV)  ## Run dbt against the running warehouse, e.g. make dbt ARGS="build --select marts"
	@$(PY) -m orchestration.dbt_platforms
	@eval "$$($(PY) -m warehouse env)" && .venv/bin/dbt $(ARGS) --project-dir dbt_project --profiles-dir dbt_project

clean:  ## Remove what the demo and the tests made (environments stay)
	@rm -rf .data dbt_project/target dbt_project/logs .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
