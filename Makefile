# relou-gateway: `make run` shows it at work, `make test` runs its tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WITH_TESTS := $(VENV)/.installed-with-tests
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
RUN_ARGS ?=

.PHONY: run test check torture soak bench raids clean help

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

run: $(INSTALLED) ## start the gateway on config.yaml, or show it on the virtual modem
	@$(BIN)/relou-gateway run $(RUN_ARGS)

test: $(WITH_TESTS) ## run the whole test suite
	@command -v gammu-smsd >/dev/null || { echo "one test drives the real gammu-smsd, which is missing:"; echo "    sudo apt install gammu-smsd"; exit 1; }
	$(BIN)/python -m pytest --numprocesses 3 --dist loadgroup $(TEST_ARGS)

check: $(WITH_TESTS) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

torture: $(WITH_TESTS) ## kill the daemon and its modem cell a thousand times
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

soak: $(WITH_TESTS) ## an hour of traffic and mishaps, and whether every record agrees behind it
	$(BIN)/python -m tests.soak $(SOAK_ARGS)

bench: $(WITH_TESTS) ## ratios, each measured in one run
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

raids: $(WITH_TESTS) ## every invented raid under every policy: the tables and pictures of docs/raids.md
	@$(BIN)/python -m benchmarks.raids --docs docs $(RAIDS_ARGS)

clean: ## remove what make made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is `$(PYTHON) --version`"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python cannot make virtual environments here; mend it with:"; echo "    sudo apt install python3-venv"; exit 1; }
	@echo "installing into $(VENV), once"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) .
	@touch $@

$(WITH_TESTS): $(INSTALLED)
	@echo "installing what the tests need, once"
	@$(INSTALL) '.[test]'
	@touch $@
