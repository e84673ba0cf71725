#!/bin/sh
# Runs once, when the database is made: gives the roles of roles.sql the passwords of role-passwords.
set -eu
while IFS=: read -r role password; do
    # The password goes through a variable that psql quotes, not through the command line.
    PASSWORD=$password psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=role="$role" \
        --username=postgres --dbname=vneid <<'SQL'
\getenv password PASSWORD
ALTER ROLE :"role" PASSWORD :'password';
SQL
done </run/secrets/role-passwords
