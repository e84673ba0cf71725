#!/bin/sh
# End-to-end tests against the real binary: VNEID_BINARY, or what `cargo build` made.
set -eu
if [ -n "${VNEID_BINARY:-}" ]; then
    VNEID_BINARY=$(realpath "$VNEID_BINARY")
    export VNEID_BINARY
fi
cd "$(dirname "$0")"

. ../need.sh

command -v node >/dev/null && command -v npm >/dev/null || need 'The end-to-end tests' nodejs npm
command -v chromium >/dev/null && command -v chromedriver >/dev/null || need 'The end-to-end tests' chromium chromium-driver
if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    say 'The end-to-end tests need Node.js 20 or newer.'
    exit 1
fi
if [ ! -x "${VNEID_BINARY:-../../target/debug/vneid}" ]; then
    say 'The end-to-end tests need the binary: cargo build -p vneid, or set VNEID_BINARY.'
    exit 1
fi

# Every face of every page, for axe-core.
if [ -z "${VNEID_PAGES:-}" ]; then
    VNEID_PAGES=$(mktemp -d)
    export VNEID_PAGES
    trap 'rm -rf "$VNEID_PAGES"' EXIT
    cargo run --quiet --package authorization-server --example render_pages -- "$VNEID_PAGES"
fi

npm ci --no-audit --no-fund --loglevel=error
npm test --silent -- "$@"
