# Thin calls of the one command-line tool; `shopstream --help` has the rest.
PYTHON ?= python3
BIN := .venv/bin
# Three workers on two cores, since a build waits often; a file of tests at a time, in the order of tests/conftest.py.
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help
.PHONY: help setup setup-spark build check test test-all test-spark test-browser test-cluster dashboard report docs bench clean

help:
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:   ##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup:  ## install what is needed into this folder (build and test do it themselves)
	@$(PYTHON) -m shopstream.bootstrap

setup-spark:  ## install Spark, too (450 MB; Java 17): for a cluster, or DBT_TARGET=embedded
	@DBT_TARGET=embedded $(PYTHON) -m shopstream.bootstrap

build: setup  ## load new files, or the sample where there are none, and build and test the marts
	@$(BIN)/shopstream build

check: setup  ## linters, conventions and the tests that build no warehouse: three minutes
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/sqlfluff lint --disable-progress-bar models analyses tests/rules
	@$(PYTEST) -m "unit or dbt"

test: setup  ## run the tests that need no browser and no Spark
	@$(PYTEST)

test-all: test test-spark test-cluster  ## and those on Spark, a cluster of it, and in a browser: 35 minutes
	@$(MAKE) --no-print-directory test-browser

test-spark: setup-spark  ## build on Spark what the tests build on Sail, and compare
	@$(BIN)/pytest tests/spark

test-browser: setup  ## walk the dashboard in a real browser (Debian: sudo apt install chromium)
	@$(BIN)/pytest -n 2 tests/browser

test-cluster: setup-spark  ## run the project on a local Spark cluster and on a Spark Connect server
	@$(BIN)/pytest tests/cluster

dashboard: setup  ## open the dashboard on http://127.0.0.1:8501; Ctrl-C ends it
	@$(BIN)/shopstream dashboard

report: setup  ## write all pages of the dashboard as one file, target/report.html
	@$(BIN)/shopstream report

docs: setup  ## write the dbt documentation as one file, target/static_index.html
	@$(BIN)/shopstream docs

SCALE ?= 250000
RUNS ?= 3
bench: setup-spark  ## measure the build against what people would pick instead; SCALE=events a month RUNS=3
	@$(BIN)/python -m bench --events $(SCALE) --runs $(RUNS)

clean: setup  ## remove what was built, never the landing files or the set-up
	@$(BIN)/shopstream clean
