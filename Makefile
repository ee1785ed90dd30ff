# make demo       the main job on embedded data: five strategies, one table, minutes
# make test       style, types, layers, and all tests but the slow ones
# make test-slow  the tests that take minutes

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(BIN)/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --editable '.[dev,imagenet]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/python -m landmarks.train experiment=demo strategy=synthetic_only n_real=0
	$(BIN)/python -m landmarks.train -m experiment=demo
	$(BIN)/python scripts/compare_runs.py outputs/demo
	@echo 'pictures: outputs/demo/*/n_real_*/seed_*/faces.png'

test: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -m 'not slow' --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/installed-dev
	$(BIN)/pytest -m slow

clean:
	rm -rf $(VENV) build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
