# Everything a developer types. The first `make` of any kind makes .venv; later ones only when its inputs change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CONSTRAINTS := packaging/constraints.txt
PLATFORMS := linux win32 darwin
ARGS ?=

# Only a Python that nobody asked for by name may be replaced by a newer one.
OTHERS := $(if $(filter file,$(origin PYTHON)),python3.13 python3.12 python3.11)

.DEFAULT_GOAL := help
.PHONY: help run test test-windows lint bench dist smoke dist-windows smoke-windows icons pins clean

help: ## list what there is (this)
	@awk 'BEGIN { FS = ":.*## "; print "make ..." } /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile
	@echo 'ARGS="..." is handed on, as in: make test ARGS="-k units"'

run: $(INSTALLED) ## start queuectl: its workers, drop folder and dashboard
	@exec $(BIN)/python -m queuectl.tray $(ARGS)

test: $(INSTALLED) ## run the tests, three at a time
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

test-windows: $(INSTALLED) ## run what matters to Windows with its Python under Wine
	@PYTHON=$(BIN)/python packaging/windows/test $(ARGS)

lint: $(INSTALLED) ## check style, types for all three platforms, and the direction of imports
	@$(BIN)/ruff check --quiet . && echo "ruff check: clean"
	@$(BIN)/ruff format --check --quiet . && echo "ruff format: clean" || \
		{ echo "Some files are not formatted. Put them right with: $(BIN)/ruff format ."; exit 1; }
	@for platform in $(PLATFORMS); do \
		printf 'mypy for %s: ' $$platform; \
		$(BIN)/mypy --platform $$platform --cache-dir .mypy_cache/$$platform || exit 1; \
	done
	@printf 'mypy for packaging: '; MYPYPATH=packaging:. $(BIN)/mypy --cache-dir .mypy_cache/packaging packaging/*.py
	@found=$$($(BIN)/lint-imports --no-logo 2>&1) && echo "imports: clean" || { echo "$$found"; exit 1; }

bench: $(INSTALLED) ## measure: every script in tests/benchmarks
	@ls tests/benchmarks/bench_*.py >/dev/null 2>&1 || { echo "There are no benchmarks yet."; exit 1; }
	@for bench in tests/benchmarks/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench $(ARGS) || exit 1; done

dist: $(INSTALLED) ## build the two executables into dist/, a .tar.gz and a .deb
	@$(BIN)/python packaging/build.py $(ARGS)

smoke: $(INSTALLED) ## try what dist built
	@QUEUECTL_DIST=dist $(BIN)/python -m pytest -n 2 tests/packaging/linux $(ARGS)

dist-windows: $(INSTALLED) ## build the executables and the installer for Windows under Wine
	@PYTHON=$(BIN)/python packaging/windows/dist

smoke-windows: $(INSTALLED) ## try what dist-windows built
	@packaging/windows/with-wine $(BIN)/python -m pytest -p no:cacheprovider -rA tests/packaging/windows $(ARGS)

icons: $(INSTALLED) ## draw the icons anew
	@test -f icons/draw.py || { echo "The icons cannot be drawn yet: icons/draw.py is still to come."; exit 1; }
	@$(BIN)/python icons/draw.py $(ARGS)

pins: $(INSTALLED) ## pin the newest versions that fit pyproject.toml, for every platform and Python
	@test -x build/uv/bin/uv || { $(BIN)/python -m venv build/uv && build/uv/bin/python -m pip install -q uv; }
	@build/uv/bin/uv pip compile --quiet --universal --upgrade --all-extras --python-version 3.11 \
		--no-header --no-annotate pyproject.toml >build/pins.txt
	@{ sed '/^$$/,$$d' $(CONSTRAINTS); echo; cat build/pins.txt; } >build/constraints.txt
	@mv build/constraints.txt $(CONSTRAINTS)
	@echo "$(CONSTRAINTS) is up to date; 'make test' installs and tries it."

clean: ## remove what was built and cached (.venv stays)
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	@echo "Installing what queuectl needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e ".[dev]"
	@touch $@

$(BIN)/python:
	@python=; \
	for candidate in $(PYTHON) $(OTHERS); do \
		$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { python=$$candidate; break; }; \
	done; \
	if [ -z "$$python" ]; then \
		found=$$($(PYTHON) -c 'import sys; print("version", sys.version.split()[0])' 2>/dev/null || echo "missing"); \
		echo "queuectl needs Python 3.11 or newer; $(PYTHON) is $$found." >&2; \
		echo "Install it, or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if [ -f $(VENV)/pyvenv.cfg ]; then rm -rf $(VENV); fi; \
	echo "Making $(VENV) with $$($$python --version) ..."; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
