# Each target does its own set-up, in .venv. Nothing else is needed but Python and make; to open
# pages, the tests and `bench` also install Chromium where they may, and else use the one that is there.

PYTHON ?= python3
SITE ?= site
VENV := .venv
# Windows keeps a virtual environment's programs in another folder.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
READY := $(VENV)/.installed
# What npm writes last: the checkers of HTML, JavaScript and CSS are installed.
CHECKERS := node_modules/.package-lock.json
BIOME := $(BIN)/node node_modules/@biomejs/biome/bin/biome
# A process a core and one more; the tests of a file share what it has made, those of browsers begin.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# The environment's Python where there is one, unless another is asked for.
GPU_PYTHON = $(if $(filter file,$(origin PYTHON)),$(or $(wildcard $(BIN)/python),$(PYTHON)),$(PYTHON))
DATA ?= $(MNIST_LESSONS_DATA)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help site serve publish-check test test-all check format study bench gpu clean browser

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

site: $(READY) ## execute the lessons and build the site into site/
	@$(BIN)/python -m mnist_lessons.publishing build --site $(SITE)

serve: $(READY) ## show the site while you write, at http://127.0.0.1:8000/
	@$(BIN)/mkdocs serve --livereload

publish-check: $(READY) ## say whether what lies in site/ may be published
	@$(BIN)/python -m mnist_lessons.publishing publish-check --site $(SITE)

test: browser $(READY) $(CHECKERS) ## run the tests that are fast, and a few of each kind that is slow
	@$(PYTEST) -m "not slow"

test-all: browser $(READY) $(CHECKERS) ## run all tests, with as many kills and examples as they can want
	@$(PYTEST) --thorough

check: $(READY) $(CHECKERS) ## lint, check format, types, who imports whom, and the lessons: ruff, mypy, import-linter, Biome
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m mnist_lessons.publishing check
	@$(BIOME) ci --error-on-warnings

format: $(READY) $(CHECKERS) ## bring code, scripts and styles into their one format
	@$(BIN)/ruff format .
	@$(BIOME) format --write

study: $(READY) ## train what the recorded study lacks (hours), and record it
	@$(BIN)/python -m mnist_lessons.studies

bench: browser $(READY) $(CHECKERS) ## measure training, building, serving, and the runs and pages of site/
	@$(BIN)/python -m benchmarks

# Nothing is installed for it: on a machine with a GPU, PyTorch for CUDA is what its Python has.
gpu: ## check and time the networks on the GPU of this machine, DATA=folder with MNIST/raw/
	$(if $(DATA),,$(error say in which folder MNIST/raw/ lies: make gpu DATA=folder))
	@$(GPU_PYTHON) -m benchmarks gpu --data "$(DATA)" --commit "$(COMMIT)" $(if $(OUTPUT),--output "$(OUTPUT)")

clean: ## remove the environment, the site and the stored runs; runs/ stays
	@du -shc $(VENV) node_modules site .cache 2>/dev/null | tail -1 | sed 's/total/will be freed/'
	rm -rf $(VENV) node_modules site .site-* .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info

# Before the environment: who has none is not told so after all else is installed.
browser:
	@$(PYTHON) -m benchmarks.chromium

# Who asks for a Python gets it, also where the environment is of another one.
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -VV 2>&1),$(shell $(BIN)/python -VV 2>&1))
.PHONY: another-python
another-python:
$(READY): another-python
CLEAR := --clear
endif
endif

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(CLEAR) $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[dev,site,test]'
	@touch $@

$(CHECKERS): package.json package-lock.json | $(READY)
	$(BIN)/npm ci
	@touch $@
