# The project's commands. `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO := build/demo
SEEDS ?= 2
JUPYTER ?=
# What fetches news and updates from a server, and asks whether to.
NEWS = @jupyterlab/apputils-extension:announcements
export OMP_NUM_THREADS ?= 1
export PIP_NO_WARN_SCRIPT_LOCATION = 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-full test-render test-browser mutants names data build lab bench bench-optimise bench-detect bench-features bench-pictorial bench-bodies bench-pose3d bench-tables capstone site picture lint clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/core ## install, build the labs, grade an example class, print and write the report
	@echo "Building the labs …"
	@$(BIN)/autograder build
	@echo "Writing an example class …"
	@rm -rf $(DEMO) && $(BIN)/autograder example $(DEMO)/submissions --lab lab1 --marks $(DEMO)/marks.csv
	@$(BIN)/autograder grade $(DEMO)/submissions --lab lab1 --due "2025-10-06 23:59" --out $(DEMO)/graded
	@$(BIN)/autograder mark $(DEMO)/graded $(DEMO)/marks.csv

test: .venv/test lint ## install what the tests need and pass them
	$(BIN)/python -m pytest -n 2 --dist worksteal -q --ignore tests/render --ignore tests/browser -m "not slow and not browser" --seeds $(SEEDS)

test-full: .venv/test lint ## as `make test`, with the slow tests, and the banks over 200 seeds (an hour and a half)
	$(BIN)/python -m pytest -n 2 --dist worksteal -q --ignore tests/render --ignore tests/browser -m "not browser" --seeds 200 --deal

test-render: .venv/render ## render sampled frames again and compare (needs libosmesa6 or another software renderer)
	MUJOCO_GL=$${MUJOCO_GL:-osmesa} $(BIN)/python -m pytest -q -m render tests

test-browser: site ## what moves and what is pressed, and every page of the site, in a real browser (needs Chromium, a quarter of an hour)
	@$(PIP) --editable '.[browser]'
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m browser tests

mutants: .venv/test ## mutate the references and list the mutants that no check kills
	$(BIN)/python -m tests.mutants

names: .venv/test ## diagnose mistakes as if their banks did not hold them, and list the wrong names (half an hour)
	$(BIN)/python -m tests.names

data: .venv/render ## render the rat again (the arrays are frozen: to check them only)
	MUJOCO_GL=$${MUJOCO_GL:-osmesa} $(BIN)/python -m data.make all

build: .venv/core ## build labs/*.ipynb from solutions/notebooks
	@$(BIN)/autograder build

lab: .venv/lab ## copy the labs into work/, where nothing overwrites them, and open JupyterLab there
	@$(BIN)/posekit start all work
	@if [ "$$(id -u)" = 0 ] && [ -z "$(findstring --allow-root,$(JUPYTER))" ]; then \
	  echo "JupyterLab does not run as root, who may do everything. Become an ordinary user, or, in a container," >&2; \
	  echo "say that you mean it: make lab JUPYTER=--allow-root" >&2; exit 1; fi
	@$(BIN)/jupyter labextension disable --level=sys_prefix $(NEWS) 2> /dev/null
	$(BIN)/jupyter lab $(JUPYTER) work

bench: .venv/test ## grade the same notebooks with ours, nbgrader and Otter, and print ratios (half an hour)
	$(BIN)/python -m tests.bench.grading
	$(BIN)/python -m tests.bench.grading --bare

bench-optimise: .venv/test ## our optimisers against scikit-learn's, scipy's and statsmodels' (ten minutes)
	@$(PIP) --editable '.[bench]'
	$(BIN)/python -m tests.bench.optimise

bench-detect: .venv/test ## error against number of labelled frames, for the detectors of Labs 4 and 5 (three quarters of an hour)
	$(BIN)/python -m tests.bench.detect

bench-features: .venv/test ## what learned features add to a larger window, for the detectors of Lab 4 (five minutes)
	$(BIN)/python -m tests.bench.features

bench-pictorial: .venv/test ## the distance transform and the best pose against diplib, scipy, OpenCV, edt and pgmpy (five minutes)
	@$(PIP) --editable '.[bench]'
	$(BIN)/python -m tests.bench.pictorial

bench-bodies: .venv/test ## errors with and without a model of the body, over three detectors and four folds (ten minutes)
	$(BIN)/python -m tests.bench.bodies

bench-pose3d: .venv/test ## error and cost of Labs 7's and 8's methods beside aniposelib's and OpenCV's (ten minutes)
	$(BIN)/python -m tests.bench.pose3d

bench-tables: .venv/test ## the lecture's tables of Lab 8, over three detectors, with six cameras and with three (half an hour)
	$(BIN)/python -m tests.bench.tables

capstone: .venv/test ## the reference's way through the capstone, from pixels to behaviour, and what each step gains (two minutes)
	$(BIN)/python -m tests.bench.capstone

site: .venv/site ## build the site into build/site (ten minutes; half a minute after a change of prose)
	@$(BIN)/python site/make
	@echo "Wrote build/site/index.html."

picture: site ## make the README's pictures again: Lab 8's rat, and what the browser tests see (needs Chromium)
	@$(PIP) --editable '.[browser]'
	@$(BIN)/python site/make/picture.py
	$(BIN)/python -m pytest -q -m browser -k "not read_by_everyone" --screens site/screens tests/browser

lint: .venv/test ## style, types, and the code in the notebooks' cells
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@rm -rf build/lint && $(BIN)/python -m autograder build --walkthrough build/lint > /dev/null
	@$(BIN)/ruff check --quiet build/lint

clean: ## remove what the commands here have made, .venv included
	rm -rf .venv build dist

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make demo PYTHON=python3.12, say")'
	@echo "Creating .venv …"
	@$(PYTHON) -m venv .venv && touch $@

.venv/core: .venv/python pyproject.toml constraints.txt
	@echo "Installing the course and its grader: numpy, scipy, matplotlib and others, a minute or so the first time …"
	@$(PIP) --editable '.[grade]'
	@touch $@

.venv/lab: .venv/python pyproject.toml constraints.txt
	@echo "Installing what the labs need: JupyterLab and torch, a few minutes the first time …"
	@$(PIP) --editable '.[torch,lab]'
	@touch $@

.venv/test: .venv/python pyproject.toml constraints.txt
	@echo "Installing what the tests need, torch included, a few minutes the first time …"
	@$(PIP) --editable '.[torch,lab,nbgrader,grade,dev]'
	@touch $@ .venv/core .venv/lab

.venv/site: .venv/test
	@echo "Installing what the site needs …"
	@$(PIP) --editable '.[site]'
	@touch $@

.venv/render: .venv/test
	@echo "Installing the renderer …"
	@$(PIP) --editable '.[render]'
	@touch $@
