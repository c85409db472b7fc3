# One command each; CONTRIBUTING.md says what they are for. ARGS goes to the program behind `serve` and `bench`.

.PHONY: help setup serve test agents lint format bench fuzz soak tsan
.DEFAULT_GOAL := help

help: ## lists the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: ## installs the Debian packages that are missing
	@scripts/setup.sh

serve: ## builds in release and starts the gateway
	@scripts/serve.sh $(ARGS)

test: ## every test: Swift, a short fuzz run, SDKs, llama-server, agents
	@scripts/test.sh

agents: ## Claude Code, Codex CLI and aider through Martlet
	@scripts/agents.sh

lint: ## formatting, imports, names, shell scripts
	@scripts/lint.sh

format: ## formats all Swift code in place
	@scripts/format.sh

bench: ## measures direct, nginx and Martlet side by side
	@scripts/bench.sh $(ARGS)

fuzz: ## each fuzzer for FUZZ_SECONDS (300)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} scripts/fuzz.py

soak: ## mixed load for SOAK_SECONDS (600), then kill -9 over and over
	@scripts/soak.sh $(ARGS)

tsan: ## the Swift tests under the thread sanitizer
	@scripts/tsan.sh $(ARGS)
