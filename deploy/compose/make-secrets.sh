#!/bin/sh
# Makes everything secret that compose.yaml mounts: keys, passwords, configurations,
# and a certificate for this machine. Keeps what is there already: keys made twice are data lost.
set -eu
umask 077
cd "$(dirname "$0")"
config=../config
mkdir -p secrets/tls
cd secrets

fresh() { openssl rand -hex "$1"; }
# Writes standard input to a new file; what exists stays.
new() { if [ -e "$1" ]; then cat >/dev/null; else cat >"$1"; fi; }

for name in key-encryption personal-data index pairwise; do
    fresh 32 | new "$name.key"
done
for name in postgres redis authorization introspection migrate; do
    fresh 24 | new "$name.password"
done

# The networks of compose.yaml never leave the machine, so nothing is encrypted between containers.
for role in authorization introspection migrate; do
    sed -e 's/db.example.internal/postgres/' -e 's/rediss:\/\/redis.example.internal/redis:\/\/redis/' \
        -e '/ca_file = /d' -e '/^listen = /d' "../$config/$role.toml" | new "$role.toml"
done

{
    printf 'vneid_app:%s\n' "$(cat authorization.password)"
    printf 'vneid_introspection:%s\n' "$(cat introspection.password)"
    printf 'vneid_owner:%s\n' "$(cat migrate.password)"
} | new role-passwords
sed -e "s/CHANGE-ME/$(cat migrate.password)/" -e 's/db.example.internal/postgres/' \
    -e '/^sslmode=/d' "../$config/pg_service.conf" | new pg_service.conf
# Only the nodes' user: nobody replicates this Redis.
digest=$(printf '%s' "$(cat redis.password)" | sha256sum | cut -d ' ' -f 1)
grep -E '^user (default|vneid) ' ../../redis/users.acl |
    sed -e "s/REPLACE-WITH-SHA256-OF-PASSWORD/$digest/" | new users.acl

if [ ! -e tls/fullchain.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj /CN=id.example.vn -addext subjectAltName=DNS:id.example.vn \
        -keyout tls/key.pem -out tls/fullchain.pem 2>/dev/null
fi

# Mounted secrets keep owner and mode, and the containers run as strangers. The directory is what
# keeps everybody else on this machine out.
chmod 0444 -- *.toml *.key *.password role-passwords pg_service.conf users.acl tls/*.pem
printf 'secrets are in %s\n' "$PWD"
