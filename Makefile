# Two commands on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
# make demo SERVE=0 stops before the dashboard is served.
SERVE ?= 1

.PHONY: demo test test-all lint bench goldens screenshots site clean

demo: .venv/.installed
	$(BIN)/costlens demo --folder demo $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: .venv/.installed-dev lint
	$(BIN)/pytest -n 2 -m "not slow"

test-all: .venv/.installed-dev lint
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -n 2

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.installed-dev
	$(BIN)/python bench/refresh.py
	$(BIN)/python bench/reading.py
	$(BIN)/python bench/runs.py
	$(BIN)/python bench/portfolio.py

goldens: .venv/.installed-dev
	$(BIN)/pytest -q --update-goldens tests/errors tests/cli tests/docs

# Needs Chromium, as the tests of the pages do.
screenshots: .venv/.installed-dev
	$(BIN)/costlens demo --folder demo --no-serve >/dev/null
	$(BIN)/python docs/screenshots.py demo

# The pages of docs/ as a site, in build/site.
site: .venv/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf .venv demo dist build

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CostLens needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/.installed-dev: pyproject.toml .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/.installed
