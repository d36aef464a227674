# Set-up and checks from a fresh checkout. `make run` shows the product, `make test` tests it.
#   make run          the demo district, embedded                   (ARGS="--no-traffic" goes to the command)
#   make test         every test, in random order, two at a time    (ARGS="tests/core -k split" goes to pytest)
#   make test-fast    the tests that need no server, in about a minute
#   make coverage     the same tests, with the coverage of every module
#   make check        the rules of the code base: ruff, mypy, imports, documents
#   make docs         the documentation as a site in build/site
#   make screenshots  the pictures in docs/images, from the demo, where Chromium is installed
#   make bench        messages per second and CPU per message, compared with Postfix and rspamd; texts too
#   make differential mails, documents and HTML, read by our readers and by others; hidden sentences  (ARGS="--count 100" MAILS="FOLDER --count 100000")
#   make urgent       500 urgent messages, a process killed, the webhook's receiver down: how soon people are told (ARGS="--down 40")
#   make day          a day of an administrator in a browser, with a picture of each page in build/day
#   make months       20,000 messages of ordinary months, as the counters of clause 5 see them
#   make stories      months of schools that the tests do not play: where a principal would disagree
#   make publishing   ten minutes of messages while policies are published: none is decided by a mixture
#   make poison       the stages with a failure at every one of their calls, on both stores
#   make fuzz         mutated mails, mutated and hostile files for the readers  (ARGS="--count 1000000")
#   make chaos        rounds of kills, cuts, clock steps and outages, on both stores (ARGS="--rounds 1000 --seed 7 --store sqlite")
#   make services     the servers for the tests, as Debian packages (as root; otherwise a list)
#   make kafka        Apache Kafka in deploy/kafka/libs, where java and mvn are installed
#   make node         the Node.js programs for the tests in build/node, where npm is installed
#   make java         the Java mail parsers for `make differential` in build/java, where java and mvn are installed
.PHONY: run test test-fast coverage check docs screenshots bench urgent day poison publishing differential months stories fuzz chaos kafka node java services

PYTHON ?= python3
ARGS ?=
MAILS ?=
VENV := .venv
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt
PYTEST := $(VENV)/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
# Without the checks of the code itself: they are in make check.
FAST := tests/assembly tests/commands tests/core tests/demo tests/directory tests/observability tests/settings \
  tests/smpp tests/stages tests/transports

run: $(VENV)/installed
	$(VENV)/bin/chaperone demo $(ARGS)

test: $(VENV)/installed-for-tests services kafka node
	$(PYTEST) $(ARGS)

test-fast: $(VENV)/installed-for-tests
	$(PYTEST) --dist worksteal -m "not peer and not slow" $(FAST) $(ARGS)

coverage: $(VENV)/installed-for-tests
	$(PYTEST) -q -m "not peer and not slow" --cov --cov-report=term $(FAST) $(ARGS)

check: $(VENV)/installed-for-tests
	@status=0; \
	for step in "ruff check ." "ruff format --check ." mypy \
	  "pytest -q tests/test_architecture.py tests/test_docs.py tests/test_documented.py"; do \
	  echo "$(VENV)/bin/python -m $$step"; $(VENV)/bin/python -m $$step || status=1; \
	done; exit $$status

docs: $(VENV)/installed-for-docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs build --quiet --strict

screenshots: $(VENV)/installed-for-tests
	$(VENV)/bin/python docs/take_screenshots.py

bench: $(VENV)/installed-for-tests
	deploy/services bench
	$(VENV)/bin/python -m tests.bench $(ARGS)
	$(VENV)/bin/python -m tests.bench.bench_texts
	$(VENV)/bin/python -m tests.bench.bench_hostile
	$(VENV)/bin/python -m tests.bench.bench_hostile_mails
	$(VENV)/bin/python -m tests.bench.bench_contact

urgent: $(VENV)/installed-for-tests services kafka
	$(VENV)/bin/python -m tests.bench.bench_urgent $(ARGS)

day: $(VENV)/installed-for-tests node
	mkdir -p build/day
	CHAPERONE_DAY_PICTURES=build/day $(VENV)/bin/python -m pytest tests/console/test_day.py $(ARGS)

poison: $(VENV)/installed-for-tests
	POISON_SLIPS=100000 $(PYTEST) --timeout 3600 tests/stages/test_poison.py $(ARGS)

differential: $(VENV)/installed-for-tests node java
	deploy/services differential
	$(VENV)/bin/python -m tests.differential.mails $(MAILS)
	$(VENV)/bin/python -m tests.differential.documents $(ARGS)
	$(VENV)/bin/python -m tests.differential.html_text $(ARGS)
	$(VENV)/bin/python -m tests.differential.evasions.check $(ARGS)

stories: $(VENV)/installed-for-tests
	$(VENV)/bin/python -m tests.stories.policy.more $(ARGS)

months: $(VENV)/installed-for-tests
	$(VENV)/bin/python -m tests.core.contact.ordinary_months $(ARGS)

publishing: $(VENV)/installed-for-tests
	CHAPERONE_TEST_PUBLISHING_SECONDS=600 $(PYTEST) tests/contracts/store/policy_versions/test_decisions_while_publishing.py $(ARGS)

fuzz: $(VENV)/installed-for-tests
	$(VENV)/bin/python -m tests.differential.fuzz_files $(ARGS)
	$(VENV)/bin/python -m tests.differential.fuzz_mails $(ARGS)

chaos: $(VENV)/installed-for-tests services kafka
	$(VENV)/bin/python -m tests.chaos $(ARGS)

services:
	@deploy/services

kafka:
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
	  $(MAKE) --no-print-directory deploy/kafka/libs/fetched; \
	else \
	  echo "kafka: java and mvn are missing (on Debian: apt-get install maven). Its tests will be skipped."; \
	fi

deploy/kafka/libs/fetched: deploy/kafka/pom.xml
	@echo "kafka: fetching Apache Kafka into deploy/kafka/libs with Maven"
	@rm -rf deploy/kafka/libs
	mvn -B -q -Dstyle.color=never -f deploy/kafka/pom.xml process-resources
	@touch $@

java:
	@if command -v java >/dev/null && command -v mvn >/dev/null; then \
	  $(MAKE) --no-print-directory build/java/fetched; \
	else \
	  echo "java: java and mvn are missing (on Debian: apt-get install maven). These parsers will be left out."; \
	fi

build/java/fetched: tests/peers/java/pom.xml
	@echo "java: fetching the mail parsers of tests/peers/java into build/java with Maven"
	@mkdir -p build/java
	mvn -B -q -Dstyle.color=never -f tests/peers/java/pom.xml process-resources
	@touch $@

node:
	@if command -v npm >/dev/null; then \
	  $(MAKE) --no-print-directory build/node/fetched; \
	else \
	  echo "node: npm is missing (on Debian: apt-get install nodejs npm). Its tests will be skipped."; \
	fi

build/node/fetched: tests/peers/node/package.json tests/peers/node/package-lock.json
	@echo "node: fetching the programs of tests/peers/node into build/node with npm"
	@mkdir -p build/node
	cp tests/peers/node/package.json tests/peers/node/package-lock.json build/node/
	npm ci --prefix build/node --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Stamp files: an environment is current if its stamp is newer than the files that list its packages.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is required: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "The environment could not be created; on Debian: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "Installing Chaperone into $(VENV) (the first time takes a minute)"
	$(PIP) -e .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/installed
	$(PIP) -e '.[test]'
	@touch $@

$(VENV)/installed-for-docs: $(VENV)/installed
	$(PIP) -e '.[docs]'
	@touch $@
