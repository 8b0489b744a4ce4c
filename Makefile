# What a user types. Needs python3 (3.11 to 3.13), git and make; everything else comes from requirements.lock.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env engines demo up test test-all lint bench clean

PY := .venv/bin/python
export PYTHON

# Modules are compiled once, not in each process of a run.
unexport PYTHONDONTWRITEBYTECODE

# Nothing calls home, whatever a library's default is.
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## make .venv from the lock when it is missing or stale
	@for python in "$$PYTHON" python3 python3.13 python3.12 python3.11; do \
	  if [ -n "$$python" ] && command -v "$$python" >/dev/null 2>&1; then exec "$$python" plugins/bootstrap.py; fi; \
	done; echo "Anonymart needs Python 3.11, 3.12 or 3.13; none is on PATH: set PYTHON=/path/to/python3." >&2; exit 1

engines: env ## make .venv-engines, where the models run on Sail and Spark; nothing of the demo needs it
	@$(PY) plugins/bootstrap.py --here --engines

demo: env ## a fictional school through every DAG to a first release, in ./var
	@$(PY) -m anonymart_airflow.demo

up: env ## Airflow with its web pages on loopback; Ctrl-C stops it
	@$(PY) -m anonymart_airflow.up

test: env ## the tests that need only python3, git and make, in minutes; the longest ones are left to test-all
	@$(PY) -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m "not long"

test-all: env engines lint ## all tests: the same, the longest ones, what needs root, PostgreSQL, Redis or Chromium, and the linters; a skip is a failure
	@ANONYMART_TEST_ALL=1 $(PY) -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder --durations=15

lint: env ## ruff, mypy and sqlfluff, and whether a file that follows from the marts is stale
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m anonymart.cli declare --check
	@$(PY) -m mypy & types=$$!; $(PY) tests/dbt/lint_sql.py; sql=$$?; wait $$types && exit $$sql

bench: env ## the speed of the whole way, as ratios; SIZE=100000 for a first look
	@$(PY) -m anonymart.cli bench run --size $(or $(SIZE),1000000)

clean: ## remove the demo's state and caches of this folder, never an ANONYMART_HOME elsewhere
	@rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis bench/tmp dbt_project/target dbt_project/logs
	@find plugins dags tests -name __pycache__ -type d -prune -exec rm -rf {} +
