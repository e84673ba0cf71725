#!/bin/sh
# Refreshes .sqlx: what the query macros need to know about the schema when no database is at hand.
# Run it after changing a migration or a statement in ../storage/sql. Needs a PostgreSQL server in
# which it may create and drop a database; libpq's variables (PGHOST, PGPORT, PGUSER) say which.
set -eu
cd "$(dirname "$0")"

scratch=$(mktemp -d)
database=vneid_prepare_$$
psql --quiet --no-psqlrc --command "CREATE DATABASE $database" postgres
trap 'rm -rf "$scratch"; psql --quiet --no-psqlrc --command "DROP DATABASE $database" postgres' EXIT
for migration in migrations/*.sql; do
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file "$migration" "$database"
done

# The macros run only when the crate is compiled, so it is compiled anew.
mkdir "$scratch/queries"
touch src/lib.rs
STORAGE_POSTGRES_DATABASE_URL="postgres://${PGUSER:-postgres}@${PGHOST:-localhost}:${PGPORT:-5432}/$database" \
    SQLX_OFFLINE_DIR="$scratch/queries" cargo check --quiet --package storage-postgres

rm -rf .sqlx
mkdir .sqlx
cp "$scratch"/queries/query-*.json .sqlx/
echo "$(ls .sqlx | wc -l) statements checked"
