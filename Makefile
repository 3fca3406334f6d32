# Everything runs in .venv, made on first use. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# One more than there are processors: tests of the screen wait more than they compute.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

.PHONY: demo test lint types imports check soak bench docs screenshot clean

# What runs: the package with its dependencies, at the tested versions.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# What tests need besides.
$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/workbench demo workbench-demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) -m "not soak"

soak: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 0 -m soak -v

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

check: lint types imports test

# Generated pages: commands, keys, techniques, the project.yaml reference. A test fails when they are out of date.
docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

screenshot: $(VENV)/.installed-dev
	$(BIN)/python docs/screenshot.py

clean:
	rm -rf $(VENV) workbench-demo build dist
