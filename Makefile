# make demo goes from nothing to pages on port 8000; make test sets up and runs all tests.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Every compiled file is complete, so pip needs to look up nothing but its pins, and a newer release of
# anything changes nothing.
INSTALL := $(PIP) install --no-deps --require-hashes

# Tests start commands hundreds of times, and bench times them: keep their bytecode, as users do.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-long test-compose install lint services services-compose services-bench bench \
  fuzz coverage mutants requirements

help:
	@echo "make demo              set up, make sample data, crunch it, serve it (PORT=9000 for another port)"
	@echo "make test              set up and run all tests"
	@echo "make test-long         run the tests that take minutes: what chance decides, many times, and days of the loop"
	@echo "make test-compose      run the stack of compose.yaml in containers (needs root)"
	@echo "make install           set up only; the command is .venv/bin/banners"
	@echo "make lint              check style, types, and who imports whom"
	@echo "make services          install the Debian packages that the full tests need"
	@echo "make services-compose  install the Debian packages that make test-compose needs"
	@echo "make services-bench    install the Debian packages that make bench needs besides make services"
	@echo "make bench             measure speed; BENCH=serve, BENCH=crunch or BENCH=policy for a part of it"
	@echo "make fuzz              feed random input to the readers of event files, tokens, the event log and the cache (SECONDS=600)"
	@echo "make coverage          check that tests reach every branch of core, policies, collect, catalogue, crunch, store and serve"
	@echo "make mutants           check that tests fail for each small change to policies, core, tokens and closing"
	@echo "make requirements      compile the pinned requirements again"

demo: install
	@$(BIN)/banners demo --port $(PORT)

# tests/faults kills servers under load and waits for seconds that are promised, so nothing runs beside it.
# Files are taken in their order, in which the short ones of tests/unit come last, so that no core is idle at
# the end.
test: .venv/dev.stamp
ifdef TESTS
	@$(BIN)/python -m pytest $(TESTS)
else
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder \
	  --ignore tests/faults
	@$(BIN)/python -m pytest tests/faults
endif

test-long: .venv/dev.stamp
	@BANNERS_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -m long
	@BANNERS_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -m "hypothesis and not compose and not long" --hypothesis-profile many --timeout 1200

# Run it as root. COMPOSE_TEST_FOLDER=DIR keeps the container images for the next run. The first test waits
# until all of them are built.
test-compose: .venv/compose.stamp
	@BANNERS_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -m compose --timeout 1200 tests/compose

install: .venv/run.stamp

lint: .venv/dev.stamp
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/Dockerfile

# Chromium for the browser tests; MariaDB's programs without its running service; Redis; nginx; Java for
# Spark. Debian starts nginx after installing it; stop it if you do not want it.
services:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core \
	  mariadb-server-core mariadb-client-core redis-server nginx-light openjdk-17-jre-headless

services-compose:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io debootstrap

services-bench:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk

# Each runs for SECONDS. Inputs that reach new code are kept in var/fuzz for the next run.
SECONDS ?= 60
fuzz: .venv/fuzz.stamp
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_codec.py -max_total_time=$(SECONDS)
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_event_files.py -max_total_time=$(SECONDS)
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_token.py -max_total_time=$(SECONDS)
	@PYTHONPATH=src $(BIN)/python tests/fuzz/fuzz_segments.py -max_total_time=$(SECONDS)

bench: .venv/bench.stamp
	@PYTHONPATH=tests $(BIN)/python bench $(BENCH)

# Also in the processes that tests start. pyproject.toml lists the packages that count.
coverage: .venv/dev.stamp
	@BANNERS_REQUIRE_SERVICES=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile \
	  tests/unit tests/contract tests/integration --cov

# Survivors are listed at the end; look at one with: .venv/bin/mutmut show NAME
# A change that makes tests run too long, crash or need too much memory counts as noticed (timeout, segfault).
mutants: .venv/mutants.stamp
	@rm -rf mutants
	@$(BIN)/mutmut run
	@! $(BIN)/mutmut results | grep -v ': timeout$$\|: segfault$$' | grep .

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
	@$(INSTALL) -r requirements/run.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(PIP) check
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo "Setting up what the tests need."
	@$(INSTALL) -r requirements/dev.txt
	@$(PIP) check
	@touch $@

# What one target needs besides what the tests need.
.venv/bench.stamp .venv/compose.stamp .venv/fuzz.stamp .venv/mutants.stamp: .venv/%.stamp: \
  .venv/dev.stamp requirements/%.txt
	@$(INSTALL) -r requirements/$*.txt
	@$(PIP) check
	@touch $@
