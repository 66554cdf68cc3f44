# AIStore in TypeScript. `make help` lists the targets.
SHELL := /bin/sh
.NOTPARALLEL:
.DEFAULT_GOAL := help

BUN := node_modules/.bin/bun
SETUP := node_modules/.setup-done
PLAYGROUND := $(BUN) apps/playground/main.ts

# Values that a user gives on make's command line reach the programs as environment.
export TAGS TARGETS PROXIES WORKERS PORT

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# bun's own install step is repeated where npm was told to run no scripts.
$(SETUP): package-lock.json
	@echo "setup: installing dependencies from the npm registry"
	@npm ci --no-audit --no-fund --loglevel=error </dev/null
	@$(BUN) --version >/dev/null 2>&1 || node node_modules/bun/install.js
	@$(BUN) --version >/dev/null || { echo "setup: the bun runtime does not run on this machine" >&2; exit 1; }
	@touch $@

.PHONY: setup
setup: $(SETUP) ## Install dependencies when they are missing or changed
	@:

.PHONY: node
node: $(SETUP) ## Build a deployable aisnode in dist/aisnode (TAGS=oteltracing builds it with tracing)
	@$(BUN) apps/aisnode/build.ts </dev/null

.PHONY: deploy
deploy: $(SETUP) ## Start a local cluster (TARGETS=3 PROXIES=1 WORKERS=1 PORT=8080, AIS_TRACING_ENDPOINT=localhost:4317)
	@$(PLAYGROUND) deploy

.PHONY: demo
demo: $(SETUP) ## Deploy with tracing, store and read one object, show the traces
	@$(PLAYGROUND) demo </dev/null

# Without a playground directory nothing was started, so nothing has to be installed to say so.
.PHONY: kill
kill: ## Stop what the playground started
	@if [ -d "$${AIS_PLAYGROUND_DIR:-.playground}" ]; then $(MAKE) --no-print-directory setup </dev/null && $(PLAYGROUND) kill </dev/null; \
	else echo "playground: nothing is running"; fi

.PHONY: clean
clean: ## Stop the playground and remove its data
	@if [ -d "$${AIS_PLAYGROUND_DIR:-.playground}" ]; then $(MAKE) --no-print-directory setup </dev/null && $(PLAYGROUND) clean </dev/null; \
	else echo "playground: nothing to remove"; fi

.PHONY: status
status: $(SETUP) ## Show what the playground runs
	@$(PLAYGROUND) status </dev/null

.PHONY: aistrace
aistrace: $(SETUP) ## Run the trace backend in the foreground, on Jaeger's ports (4317, 4318, 16686)
	@$(BUN) apps/aistrace/main.ts </dev/null

.PHONY: check
check: $(SETUP) ## Types (both builds), lint, format
	@$(BUN) tools/check.ts </dev/null

.PHONY: test
test: $(SETUP) ## Run every test; the last line is the count
	@$(BUN) tools/test.ts $(TESTS) </dev/null

SECONDS_EACH := 60

.PHONY: soak
soak: $(SETUP) ## Run the fault tests for long, with other random numbers every time (SECONDS_EACH=600)
	@AIS_SOAK_SECONDS=$(SECONDS_EACH) $(BUN) test --timeout=86400000 ./tests/faults </dev/null

# Only for tests that are skipped without them; needs Debian's package manager and root.
.PHONY: test-tools
test-tools: ## Install the optional programs that some tests use: curl, Chromium, Python 3 (apt-get, as root)
	@apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl chromium python3-venv >/dev/null

.PHONY: conformance
conformance: $(SETUP) ## Run the published Python SDK against a cluster of three targets, the long tests too
	@AIS_CONFORMANCE_PROFILE=full $(BUN) tools/test.ts conformance </dev/null

.PHONY: format
format: $(SETUP) ## Rewrite the sources in the house format
	@node_modules/.bin/biome check --write . </dev/null

.PHONY: bench-tracing
bench-tracing: $(SETUP) ## Measure what tracing costs (BENCH="--generations=3 --only=get_4k")
	@$(BUN) tools/bench/tracing.ts $(BENCH) </dev/null

.PHONY: bench
bench: $(SETUP) ## Measure the engine against ceilings of this machine (BENCH="--quick", BENCH="--only get_4k_direct")
	@$(BUN) tools/bench/engine/main.ts $(BENCH) </dev/null
