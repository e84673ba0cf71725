#!/bin/sh
# What tests start for themselves must be installed: PostgreSQL 15 or newer, Redis, SoftHSM2, nginx.
set -eu
cd "$(dirname "$0")"
. ./need.sh

PATH=$PATH:/usr/sbin:/sbin
OLDEST_POSTGRESQL=15

# The newest server binary: in PATH, or where Debian keeps several versions side by side.
postgresql_version() {
    for postgres in $(command -v postgres || true) /usr/lib/postgresql/*/bin/postgres; do
        [ -x "$postgres" ] && "$postgres" --version
    done | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p' | sort -n | tail -n 1
}

missing=
[ "$(postgresql_version || true)" ] || missing="$missing postgresql"
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || missing="$missing redis-server"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
command -v nginx >/dev/null || missing="$missing nginx"
# Word by word: these are names of packages.
# shellcheck disable=SC2086
[ -z "$missing" ] || need 'The tests' $missing

version=$(postgresql_version)
if [ "$version" -lt "$OLDEST_POSTGRESQL" ]; then
    say "The tests need PostgreSQL $OLDEST_POSTGRESQL or newer; installed is $version."
    exit 1
fi
