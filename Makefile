# make demo: from nothing to pages on port 8000. make test: set up and run all tests.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Commands start hundreds of times in the tests and are timed in bench: as anywhere else, not
# compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-compose install lint services services-compose services-bench bench \
  fuzz coverage mutants requirements

help:
	@echo "make demo          set up, make sample data, crunch it, serve it (PORT=9000 for another port)"
	@echo "make test          set up and run all tests"
	@echo "make test-compose  run the stack of compose.yaml in containers (needs root)"
	@echo "make install       set up only: .venv/bin/banners"
	@echo "make lint          check style, types and who imports whom"
	@echo "make services      install the Debian packages that the full tests need"
	@echo "make services-compose  those that make test-compose needs"
	@echo "make services-bench    those that make bench needs beyond make services"
	@echo "make bench         measure; BENCH=serve or BENCH=crunch for a part of it"
	@echo "make fuzz          feed nonsense to the readers of event files and of the cache (SECONDS=600)"
	@echo "make coverage      see that tests reach every branch of rule, rotation, crunch, store and serve"
	@echo "make mutants       see that tests notice each small change to rule and rotation"
	@echo "make requirements  compile the pinned requirements anew"

demo: install
	@$(BIN)/banners demo --port $(PORT)

# What is promised of servers that are killed is tested alone, since it is promised under load.
test: .venv/dev.stamp
ifdef TESTS
	@$(BIN)/python -m pytest $(TESTS)
else
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --ignore tests/faults
	@$(BIN)/python -m pytest tests/faults
endif

# As root; COMPOSE_TEST_FOLDER=DIR keeps the images for the next time. The first test waits for all
# images to be built.
test-compose: .venv/compose.stamp
	@$(BIN)/python -m pytest -m compose --timeout 1200 tests/compose

install: .venv/run.stamp

lint: .venv/dev.stamp
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/Dockerfile

# The browser tests drive Debian's Chromium; of MariaDB, the programs without a running service; Redis;
# Spark runs on Java.
services:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core \
	  mariadb-server-core mariadb-client-core redis-server openjdk-17-jre-headless

services-compose:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io debootstrap

# Stop the nginx that Debian starts by itself, if you do not want it.
services-bench:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk nginx-light

# Each for SECONDS; what they find worth trying again is kept in var/fuzz.
SECONDS ?= 60
fuzz: .venv/fuzz.stamp
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_records.py -max_total_time=$(SECONDS)
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_event_files.py -max_total_time=$(SECONDS)

bench: .venv/bench.stamp
	@PYTHONPATH=tests $(BIN)/python bench $(BENCH)

# The tests that run in this process what they test; which branches count is said in pyproject.toml.
coverage: .venv/dev.stamp
	@BANNERS_REQUIRE_SERVICES=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
	  tests/unit tests/contract tests/integration/test_report_requests.py --cov

# Those that survive are named at the end, each to be looked at by: .venv/bin/mutmut show NAME
mutants: .venv/mutants.stamp
	@rm -rf mutants
	@$(BIN)/mutmut run
	@! $(BIN)/mutmut results | grep .

requirements: .venv/dev.stamp
	cd requirements && ../$(BIN)/python compile.py

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Banners needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "Name another one, as in: make PYTHON=/usr/bin/python3.12 demo"; exit 1; }
	@echo "Setting up .venv; the first time, packages are downloaded."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/python.stamp requirements/run.txt requirements/build.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo "Setting up what the tests need."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

.venv/bench.stamp: .venv/dev.stamp requirements/bench.txt
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

.venv/fuzz.stamp: .venv/dev.stamp requirements/fuzz.txt
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	@touch $@

.venv/mutants.stamp: .venv/dev.stamp requirements/mutants.txt
	@$(PIP) install --require-hashes -r requirements/mutants.txt
	@touch $@

.venv/compose.stamp: .venv/dev.stamp requirements/compose.txt
	@$(PIP) install --require-hashes -r requirements/compose.txt
	@touch $@
