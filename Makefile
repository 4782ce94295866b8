# Every target does its own set-up inside .venv and touches the network only when pyproject.toml or
# constraints.txt changed. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run test slow lint style bench fuzz soak robot clean

VENV := .venv
BIN := $(VENV)/bin
# A file's tests stay together: they share models and windows that take seconds to make.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
# The case that `make run` opens; the demonstration case when empty.
CASE ?=
export CASE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
unexport PYTHONPATH PYTHONHOME
# Tests start the program hundreds of times; where nothing compiled is kept, each start compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

help:  ## List the targets
	sed -nE 's/^([a-z]+):.*## (.*)$$/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(VENV)/run.installed  ## Set up and open the demonstration case, or CASE=folder
	$(BIN)/brainseg doctor --check-window
	echo "Opening $${CASE:-the demonstration case}; the first start takes some seconds longer."
	$(BIN)/brainseg "$${CASE:-demo}"

test: style  ## Set up and run every check; types are checked beside the tests, and told last
	types=$$(mktemp)
	$(BIN)/mypy >"$$types" 2>&1 &
	checking=$$!
	trap 'kill $$checking 2>/dev/null || true; rm -f "$$types"' EXIT
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL) || failed=1
	wait $$checking || failed=1
	cat "$$types"
	exit $${failed:-0}

slow: $(VENV)/dev.installed  ## The tests that take half a minute each: whole trainings, a day in the window
	$(BIN)/python -m pytest -m slow $(PARALLEL)

lint: style  ## Style, types and import directions
	$(BIN)/mypy

style: $(VENV)/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

bench: $(VENV)/dev.installed  ## Measure speed and memory
	$(BIN)/python -m tests.benchmarks

fuzz: $(VENV)/dev.installed  ## Read thousands of bad inputs and count what becomes of them; goes on where it was cut off
	$(BIN)/python -m tests.fuzz --log build/fuzz.jsonl

robot: $(VENV)/dev.installed  ## Annotate a hundred cases in the window while it is killed again and again
	$(BIN)/python -m tests.robot --cases 100 --kills 30

soak: $(VENV)/dev.installed  ## Use the window for an hour and see what it leaves in memory
	$(BIN)/python -m tests.soak --minutes 60 --seed 1 --output build/soak

clean:  ## Remove .venv and everything that was built or cached
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): what to install. Every install takes the versions of constraints.txt, the build tool included.
define install
	quiet=; [ -t 1 ] || quiet=--quiet
	echo "Setting up $(VENV) ($(1)): this needs the network, about 3 GB on disk, and a few minutes the first time."
	$(BIN)/python -m pip install $$quiet -c constraints.txt pip setuptools wheel
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install $$quiet --no-compile -c constraints.txt --no-build-isolation -e '$(1)'
	# pip would compile on one core; some packages bring files for other versions of Python.
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null 2>&1 || true
	echo "$(VENV) is ready."
	touch $@
endef

$(VENV)/run.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(call install,.)

$(VENV)/dev.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(call install,.[dev])
	touch $(VENV)/run.installed

$(BIN)/python:
	for name in $(PYTHON) python3.11 python3.12 python3.13 python3; do
		"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && found=$$name && break
	done
	if [ -z "$${found:-}" ]; then
		echo "Python 3.11, 3.12 or 3.13 is missing. Install it (Debian, Ubuntu: apt install python3 python3-venv;" \
			"Fedora: dnf install python3.12), or name it: make run PYTHON=/path/to/python" >&2
		exit 1
	fi
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then
		echo "$$found cannot make virtual environments: install python3-venv" \
			"(Debian, Ubuntu: apt install python3-venv, or $$(basename "$$found")-venv)" >&2
		exit 1
	fi
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
