# Two commands: `make demo` judges a change, `make test` proves that the project is sound. Both set up all they need.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test check bench lock

demo: .venv/installed
	@$(BIN)/vibeguard demo

test: .venv/installed check
	$(BIN)/pytest -n 2

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python -m tests.bench

.venv/installed: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements-dev.txt
	$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
	  --all-extras --group dev pyproject.toml -o requirements-dev.txt
