# Set-up and checks, each from a fresh checkout: `make run` shows the product, `make test` tests it.
#   make run       the demo district on the embedded default   (ARGS="--no-traffic" and the like go to the command)
#   make test      every test, in random order, two at a time   (ARGS="tests/core -k split" and the like go to pytest)
#   make check     the house rules: ruff, mypy, who imports whom
#   make bench     messages per second and CPU per message, beside plain Postfix and Postfix with rspamd; texts too
#   make services  the servers that the tests talk to, as Debian packages (as root; else their names)
#   make kafka     Apache Kafka into deploy/kafka/libs, where java and mvn are there
#   make node      the Node.js programs that the tests of the console use, into build/node, where npm is there
.PHONY: run test check bench kafka node services

PYTHON ?= python3
ARGS ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt

run: $(VENV)/installed
	$(VENV)/bin/chaperone demo $(ARGS)

test: $(VENV)/installed-for-tests services kafka node
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/installed-for-tests
	@status=0; \
	for step in "ruff check ." "ruff format --check ." mypy "pytest -q tests/test_architecture.py tests/test_documented.py"; do \
	  echo "$(VENV)/bin/python -m $$step"; $(VENV)/bin/python -m $$step || status=1; \
	done; exit $$status

bench: $(VENV)/installed-for-tests
	deploy/services bench
	$(VENV)/bin/python -m tests.bench $(ARGS)
	$(VENV)/bin/python -m tests.bench.texts

services:
	@deploy/services

kafka:
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
	  $(MAKE) --no-print-directory deploy/kafka/libs/fetched; \
	else \
	  echo "kafka: java and mvn are missing here (on Debian: apt-get install maven). Its tests will be skipped."; \
	fi

deploy/kafka/libs/fetched: deploy/kafka/pom.xml
	@echo "kafka: fetching Apache Kafka into deploy/kafka/libs by Maven"
	@rm -rf deploy/kafka/libs
	mvn -B -q -Dstyle.color=never -f deploy/kafka/pom.xml process-resources
	@touch $@

node:
	@if command -v npm >/dev/null; then \
	  $(MAKE) --no-print-directory build/node/fetched; \
	else \
	  echo "node: npm is missing here (on Debian: apt-get install nodejs npm). Its tests will be skipped."; \
	fi

build/node/fetched: tests/peers/node/package.json tests/peers/node/package-lock.json
	@echo "node: fetching the programs of tests/peers/node into build/node by npm"
	@mkdir -p build/node
	cp tests/peers/node/package.json tests/peers/node/package-lock.json build/node/
	npm ci --prefix build/node --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Stamps: what is installed is newer than what says what to install.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "The environment could not be made; on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "Installing Chaperone into $(VENV) (the first time takes a minute)"
	$(PIP) -e .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/installed
	$(PIP) -e '.[test]'
	@touch $@
