# Two commands do everything: `make run` and `make test`.

.DEFAULT_GOAL := help
.PHONY: help run test services previous-release test-rust test-browser chaos bench check fmt audit fuzz model prove docs offline-queries clean

# Seconds that `make fuzz` spends on each target.
FUZZ_SECONDS ?= 60

help: ## What there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

run: ## The provider with its demo portal, on http://localhost:8080 and :8081
	cargo run --package vneid -- demo

test: services previous-release test-rust test-browser ## All tests; fetches what they need

services:
	tests/services.sh

previous-release:
	tests/previous-release.sh

test-rust:
	cargo build --package vneid
	cargo test --workspace

test-browser:
	cargo build --package vneid
	VNEID_BINARY=$${CARGO_TARGET_DIR:-target}/debug/vneid tests/e2e/run.sh

chaos: services ## Faults at full size, a figure for each: nodes, databases and networks fail
	cargo build --release --package vneid
	VNEID_CHAOS=full VNEID_BINARY=$$(realpath $${CARGO_TARGET_DIR:-target}/release/vneid) \
		cargo test --package vneid-tests --test chaos -- --test-threads=1 --nocapture

check: ## Formatting, lints, layering, budgets, documents
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo test --package vneid-tests --test system workspace::

fmt: ## Format everything
	cargo fmt --all

audit: ## cargo-deny: bans, licences, sources; advisories where the network allows
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is not installed: cargo install cargo-deny --locked"; exit 1; }
	cargo deny check bans licenses sources
	cargo deny check advisories || echo "advisories could not be checked"

fuzz: ## Every parser in protocol and jose, FUZZ_SECONDS each
	BOLERO_RANDOM_TEST_TIME_MS=$$(( $(FUZZ_SECONDS) * 1000 )) cargo test --release --package protocol --test fuzz -- --test-threads=1
	BOLERO_RANDOM_TEST_TIME_MS=$$(( $(FUZZ_SECONDS) * 1000 )) cargo test --release --package jose --test fuzz -- --test-threads=1

model: ## The model of docs/model.md within larger bounds, some minutes
	cargo test --release --package ledger --test model -- --include-ignored --nocapture --test-threads=1

prove: ## The assurance engine against its reference model, a hundred million cases on all cores
	cargo test --release --package assurance --lib -- --ignored --nocapture a_hundred_million

# For `make bench`: scenarios (`ONLY=introspection,sso`), stores, people and grants of the large database.
ONLY ?=
STORES ?=
BENCH_SUBJECTS ?= 200000
BENCH_GRANTS ?= 1000000
SOAK_MINUTES ?= 0

bench: ## Speed, as ratios to bare handlers: table, target/bench/results.json and results.svg
	tests/services.sh
	cargo build --profile dist --package vneid --package bench
	$${CARGO_TARGET_DIR:-target}/dist/bench $(if $(ONLY),--only $(ONLY)) $(if $(STORES),--stores $(STORES)) \
		--subjects $(BENCH_SUBJECTS) --grants $(BENCH_GRANTS) --soak-minutes $(SOAK_MINUTES)

docs: ## The book in docs/ and the API documentation
	@command -v mdbook >/dev/null && mdbook build docs || echo "mdbook is not installed: read docs/ as it is"
	cargo doc --workspace --no-deps

offline-queries: ## Refresh what lets the SQL be checked without a database
	crates/storage-sqlite/prepare.sh
	crates/storage-postgres/prepare.sh

clean: ## Remove what was built and the demo's data
	cargo clean
	rm -rf data
