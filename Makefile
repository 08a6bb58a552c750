# Five verbs. `make demo` and `make test` each do all set-up by themselves, from a bare clone.
PYTHON      ?= python3
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
VENV        := .venv
READY       := $(VENV)/.ready
TORCH       := $(shell sed -n 's/^\(torch==.*\)/\1/p' constraints.txt)

.PHONY: demo test check bench clean

demo: $(READY)
	$(VENV)/bin/dovetail demo

test: $(READY)
	$(VENV)/bin/pytest

check: $(READY)
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy

bench: $(READY)
	$(VENV)/bin/python benchmarks/run.py

clean:
	rm -rf $(VENV) build dist demo.dovetail .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

# torch comes first and alone, so that its CPU index is asked for nothing else.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --no-compile --retries 1 --no-deps --extra-index-url $(TORCH_INDEX) "$(TORCH)"
	$(VENV)/bin/pip install --no-compile --constraint constraints.txt --editable ".[dev,pandas,parquet,zh]"
	touch $@
