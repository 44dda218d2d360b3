# `make` lists the targets. `make demo` and `make test` set up everything they need by themselves.

VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --fork-strategy fewest \
	--no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test test-full check bench load gallery reference truth prove size wheel lock clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: $(VENV)/base ## Simulate a centre of 200,000 contacts, measure it, and say where the report is
	$(BIN)/firstcontact simulate --contacts 200000 --out demo/data --force
	$(BIN)/firstcontact measure demo/data --out demo/run --force
	@echo
	@echo "The report: $(CURDIR)/demo/run/report.html"

serve: $(VENV)/service ## Install the service into .venv and start it at http://127.0.0.1:8400; Ctrl-C stops it
	exec $(BIN)/firstcontact serve

test: check ## Run every check: style, types, floors, and all tests at their everyday size (< 10 minutes)
	$(BIN)/pytest -n 2 --dist worksteal

test-full: check ## The same at the nightly size: 10,000 invented histories, long recoveries
	FIRSTCONTACT_FULL=1 $(BIN)/pytest -n 2 --dist worksteal --timeout 3600

check: $(VENV)/dev
	@tools/install-chromium
	@tools/install-postgresql
	@tools/install-pango
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/dev ## Time the engine against a bare sort in the same run
	$(BIN)/python benchmarks/run.py

load: $(VENV)/dev ## Ask the running service as much as it bears, and write benchmarks/LOAD.md
	$(BIN)/python benchmarks/load.py

gallery: $(VENV)/dev ## Take pictures of every page, in English and Hebrew, light and dark, into gallery/
	@tools/install-chromium
	$(BIN)/python -m tools.gallery

reference: $(VENV)/dev ## Write docs/reference anew from the code
	$(BIN)/python tools/reference.py

truth: $(VENV)/base ## Measure simulated centres under every definition, and write docs/truth.md anew
	$(BIN)/python -m tools.truth

prove: $(VENV)/base ## Hold every estimator against worlds of known truth, at the stated size (hours), and write docs/proof.md
	$(BIN)/firstcontact prove --full --keep docs/proof --page docs/proof.md

size: ## Say what a base install takes on disk, largest packages first
	@tools/size

wheel: $(VENV)/dev ## Build the wheel into dist/
	$(BIN)/hatchling build -t wheel

lock: $(VENV)/build ## Pin every dependency anew; `make lock UPGRADE=--upgrade` takes the newest versions
	$(COMPILE) $(UPGRADE) --group build -o requirements/build.txt
	$(COMPILE) $(UPGRADE) -c requirements/build.txt pyproject.toml -o requirements/base.txt
	$(COMPILE) $(UPGRADE) -c requirements/build.txt -c requirements/base.txt pyproject.toml \
		--extra service --extra postgresql -o requirements/service.txt
	$(COMPILE) $(UPGRADE) -c requirements/build.txt -c requirements/service.txt pyproject.toml \
		--extra service --extra postgresql --extra pdf --group build --group dev -o requirements/dev.txt

clean: ## Remove what was made: environment, demo, caches
	rm -rf $(VENV) demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The environment grows in three steps; each is made anew when its list of pinned packages changes.

$(VENV)/build: requirements/build.txt
	@tools/make-venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/base: requirements/base.txt pyproject.toml $(VENV)/build
	@tools/install-locked $(VENV) $<
	@touch $@

$(VENV)/service: requirements/service.txt pyproject.toml $(VENV)/base
	@tools/install-locked $(VENV) $<
	@touch $@

$(VENV)/dev: requirements/dev.txt pyproject.toml $(VENV)/base
	@tools/install-locked $(VENV) $<
	@touch $@
