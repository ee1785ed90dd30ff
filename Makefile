# make demo       the five strategies on drawn faces: a table and a report, in minutes
# make test       lint, types and tests: every check but the slow tests
# make test-slow  the tests that take minutes
# make docs       the documentation site, in site/

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint types tests test-slow docs clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev,imagenet]'
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[docs]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/landmarks train -m experiment=demo
	$(BIN)/landmarks report outputs/demo
	$(BIN)/python scripts/compare_runs.py outputs/demo
	@echo 'Figure 4 and more: open outputs/demo/report/report.html in a browser'
	@echo 'predicted faces:   outputs/demo/*/n_real_*/seed_*/faces.png'

test: lint types tests

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/installed-dev
	$(BIN)/mypy

tests: $(VENV)/installed-dev
	$(BIN)/pytest -m 'not slow' --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/installed-dev
	$(BIN)/pytest -m slow

docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) build site src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
