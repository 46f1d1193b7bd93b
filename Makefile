# Everything runs inside .venv, built once from the hash-checked requirements.lock.
# PYTHON chooses the interpreter that builds it (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# One BLAS thread: the arrays are small, and results repeat to the last bit.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test check bench mutants docs lock clean

help:
	@echo "make demo   train two models, prove their gradients, draw their graphs into demo/"
	@echo "make test   run every test, the doctests and the README"
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

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(READY)
	@$(BIN)/python benchmarks/workloads.py
	@$(BIN)/python benchmarks/scalars.py
	@$(BIN)/python benchmarks/pictures.py

# mutmut is for this command alone, so it is not in the lock. SAMPLE=300 draws 300 at random.
SAMPLE ?= 0
mutants: $(READY)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check "mutmut==2.5.1"
	@$(BIN)/python -u tests/mutants.py --sample $(SAMPLE)

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
