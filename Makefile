# `make train` and `make test` set up what they need in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: train test lint corpus docs browser clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch setuptools setuptools-scm
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation --editable ".[train,rivals,corpus,docs,test]"
	touch $@

train: $(VENV)/.installed
	$(BIN)/python -m training.train resume=true

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

corpus: $(VENV)/.installed
	$(BIN)/python -m scripts.check_corpus
	$(BIN)/python -m scripts.check_corpus examples/sudan

# The reference of the public interface, from its docstrings: build/api/index.html.
docs: $(VENV)/.installed
	$(BIN)/pdoc --docformat google --output-directory build/api hudna hudna.formats hudna.modeling hudna.spacy_component

# The pages are tested in Debian's Chromium; where it cannot be installed, those tests are skipped and say so.
browser:
	command -v chromium || { apt-get update --quiet --quiet; apt-get install --quiet --quiet --yes --no-install-recommends chromium; } || true

test: lint corpus browser
	$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
