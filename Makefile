# Everything runs inside .venv, built once from the hash-checked requirements.lock.
# PYTHON chooses the interpreter that builds it (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# One BLAS thread: the arrays are small, and results repeat to the last bit.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test test-oldest test-newest check bench mutants docs lock clean

help:
	@echo "make demo   train two models, prove their gradients, draw their graphs into demo/"
	@echo "make test   run every test, the doctests and the README"
	@echo "make test-oldest, test-newest  the same with the least NumPy that is declared, and with"
	@echo "            the newest NumPy and Python that can be had here"
	@echo "make check  lint, formatting and types"
	@echo "make bench  time the engine beside hand-written NumPy"
	@echo "make mutants change the engine in small ways and count those that no test notices"
	@echo "make docs   write the generated pages and figures in docs/"
	@echo "make lock   resolve the dependencies again into requirements.lock"

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked dependencies into .venv (once; about a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(READY)
	@$(BIN)/python -m pytest -q -n 2

# The least NumPy of pyproject.toml, and the newest one, with the newest Python that is found. All
# else is as locked. Each has an environment of its own.
OLDEST_NUMPY := $(shell sed -n 's/^dependencies = \["numpy>=\([0-9.]*\)".*/\1/p' pyproject.toml)
PYTHONS := python3.14 python3.13 python3.12 $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python3)
NEWEST_PYTHON ?= $(or $(shell for p in $(PYTHONS); do \
	$$p -c 'import sys; print(*sys.version_info[:2], sys.executable)' 2>/dev/null; done \
	| sort -k1,1n -k2,2n | tail -n 1 | cut -d' ' -f3-),$(PYTHON))

.venv/oldest/.ready: requirements.lock pyproject.toml | $(READY)
	@$(PYTHON) -m venv .venv/oldest
	@sh tests/environment.sh .venv/oldest "numpy==$(OLDEST_NUMPY)"
	@touch $@

.venv/newest/.ready: requirements.lock pyproject.toml | $(READY)
	@$(NEWEST_PYTHON) -m venv .venv/newest
	@sh tests/environment.sh .venv/newest "numpy"
	@touch $@

test-oldest: .venv/oldest/.ready
	@.venv/oldest/bin/python -c 'import numpy, sys; print("NumPy", numpy.__version__, "Python", sys.version.split()[0])'
	@.venv/oldest/bin/python -m pytest -q -n 2 -m "not long"

test-newest: .venv/newest/.ready
	@.venv/newest/bin/python -c 'import numpy, sys; print("NumPy", numpy.__version__, "Python", sys.version.split()[0])'
	@.venv/newest/bin/python -m pytest -q -n 2 -m "not long"

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(READY)
	@$(BIN)/python benchmarks/workloads.py
	@$(BIN)/python benchmarks/scalars.py
	@$(BIN)/python benchmarks/pictures.py

# mutmut is for this command alone, so it is not in the lock. SAMPLE=300 draws 300 at random,
# PACKAGE=viz changes the pictures' code.
SAMPLE ?= 0
PACKAGE ?= autograd
mutants: $(READY)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check "mutmut==2.5.1"
	@$(BIN)/python -u tests/mutants.py --package $(PACKAGE) --sample $(SAMPLE)

docs: $(READY)
	@$(BIN)/python docs/make.py

# A resolver writes the lock without index addresses; the project itself is not part of it.
lock: $(READY)
	@$(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/python -m pip install --quiet pip-tools
	@.venv/lock/bin/pip-compile --quiet --upgrade --all-extras --generate-hashes --allow-unsafe \
		--strip-extras --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --no-emit-options --no-annotate -o requirements.lock pyproject.toml

clean:
	rm -rf .venv demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
