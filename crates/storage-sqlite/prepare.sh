#!/bin/sh
# Refreshes .sqlx: what the query macros need to know about the schema when no database is at hand.
# Run it after changing a migration or a statement in ../storage/sql. Needs the sqlite3 shell >= 3.37.
set -eu
cd "$(dirname "$0")"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for migration in migrations/*.sql; do
    sqlite3 -bail "$scratch/schema.db" <"$migration"
done

# The macros run only when the crate is compiled, so it is compiled anew.
mkdir "$scratch/queries"
touch src/lib.rs
STORAGE_SQLITE_DATABASE_URL="sqlite://$scratch/schema.db" SQLX_OFFLINE_DIR="$scratch/queries" \
    cargo check --quiet --package storage-sqlite

rm -rf .sqlx
mkdir .sqlx
cp "$scratch"/queries/query-*.json .sqlx/
echo "$(ls .sqlx | wc -l) statements checked"
