# trailwarden: everything a newcomer needs is one of these words. `make` lists them.
SHELL := /bin/bash
CARGO ?= cargo

.PHONY: help demo test test-system test-long bench lint up down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## cut the chain on a LocalStack and watch trailwarden see and mend it; leaves nothing running
	$(CARGO) build --locked --bin trailwarden --example demo
	$(CARGO) run --locked --quiet --example demo

test: ## unit, property and end-to-end tests on a LocalStack of their own
	$(CARGO) test --locked
	localstack/test

test-system: ## the daemon as it is deployed: container, systemd, browser (as root; installs Debian packages)
	tests/system/prepare
	$(CARGO) test --locked --test system

test-long: ## the property tests with a hundred times as many cases
	PROPTEST_CASES=25600 $(CARGO) test --locked --release --test pattern_brute_force --test pattern_properties \
		--test pattern_laws --test pattern_hostile --test heal_plan --test verdict

lint: ## formatting, clippy, documentation
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets --test system -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --locked --no-deps --document-private-items

bench: ## criterion benchmarks
	$(CARGO) bench --locked

up: ## a seeded LocalStack and the daemon on it, left running to play with
	$(CARGO) build --locked --bin trailwarden --example demo
	$(CARGO) run --locked --quiet --example demo up

down: ## end what `make up` started
	$(CARGO) run --locked --quiet --example demo down
