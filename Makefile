# relou-gateway: `make run` shows it at work, `make test` runs its tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WITH_TESTS := $(VENV)/.installed-with-tests
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
RUN_ARGS ?=

PREFIX ?= /usr/local
SYSTEM_PYTHON ?= /usr/bin/python3
DIST ?= dist
PACKAGING := SYSTEM_PYTHON="$(SYSTEM_PYTHON)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" DIST="$(DIST)" packaging

# Programs that tests drive, each with the package that brings it; in a user's namespaces stands a Debian root of his own.
TOOLS := gammu-smsd=gammu-smsd debootstrap=debootstrap dpkg-deb=dpkg udevadm=udev systemd-analyze=systemd newuidmap=uidmap strace=strace
there = $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v $(1))
MISSING = $(strip $(foreach each,$(TOOLS),$(if $(call there,$(firstword $(subst =, ,$(each)))),,$(lastword $(subst =, ,$(each))))) \
  $(shell $(SYSTEM_PYTHON) -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv))

.PHONY: run test check install uninstall deb missing torture soak bench raids pictures clean help

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

run: $(INSTALLED) ## start the gateway on config.yaml, or show it on the virtual modem
	@$(BIN)/relou-gateway run $(RUN_ARGS)

test: $(WITH_TESTS) ## run the whole test suite
	@[ -z "$(MISSING)" ] || { echo "tests drive real programs, of which some are missing:"; echo "    sudo apt install $(MISSING)"; exit 1; }
	$(BIN)/python -m pytest --numprocesses 4 $(TEST_ARGS)

check: $(WITH_TESTS) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: ## as root: the gateway and its service on this machine, or brought up to date
	@$(PACKAGING)/install

uninstall: ## as root: take that away again; configuration and messages stay
	@$(PACKAGING)/uninstall

deb: ## a Debian package for this release and architecture, in dist/
	@$(PACKAGING)/deb

missing: ## the Debian packages that the tests lack here
	@echo $(MISSING)

torture: $(WITH_TESTS) ## kill the daemon and its modem cell a thousand times
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

soak: $(WITH_TESTS) ## an hour of traffic and mishaps, and whether every record agrees behind it
	$(BIN)/python -m tests.soak $(SOAK_ARGS)

bench: $(WITH_TESTS) ## ratios, each measured in one run
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

raids: $(WITH_TESTS) ## every invented raid under every policy: the tables and pictures of docs/raids.md
	@$(BIN)/python -m benchmarks.raids --docs docs $(RAIDS_ARGS)

pictures: $(WITH_TESTS) ## what a terminal shows of a gateway that is set up: the pictures of docs/install.md
	@$(BIN)/python -m tests.pictures $(PICTURES_ARGS)

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
