# The portal's two commands are `make run` and `make test`; everything else is for who works on it.
# Only Python 3.11 and make need to be there: each target sets up what it needs.

PYTHON ?= python3
FIRST := $(PYTHON) config/run/first.py
VENV := .venv/bin/

.DEFAULT_GOAL := help
.PHONY: help run test test-fast bench setup assets fmt lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: ## start the portal at http://localhost:8000 (PORT=… takes another port)
	@exec $(FIRST) config.run --with-parent

test: ## every check, browser tests included
	@exec $(FIRST) config.run.checks --with-browser

test-fast: ## every check that needs no browser
	@exec $(FIRST) config.run.checks

bench: ## measure against the stock way
	@exec $(FIRST) pytest tests/bench -p no:randomly -p no:cacheprovider -s

setup: ## make .venv and fetch the assets, no more
	@exec $(FIRST)

assets: ## fetch the design system and the list of common passwords anew
	@rm -rf core/ui/static/vendor core/accounts/passwords/vendor
	@exec $(FIRST)

fmt: ## format and tidy the code
	@$(FIRST)
	@$(VENV)ruff format .
	@$(VENV)ruff check --fix .

lock: ## lock the newest allowed packages, without any registry's address
	@$(FIRST)
	@exec $(VENV)python -m config.run.locking

clean: ## remove local data, environment and fetched files
	@if [ -x $(VENV)python ]; then $(VENV)python -m config.embedded stop; fi
	@if [ -L .local/test ]; then rm -rf "$$(readlink .local/test)"; fi
	rm -rf .venv .local node_modules staticfiles core/ui/static/vendor core/accounts/passwords/vendor
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
