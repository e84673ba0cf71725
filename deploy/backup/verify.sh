#!/bin/sh
# Proves that a backup restores: brings it up on a socket of its own, to the end of the archive, and runs
# a command on it:
#   verify.sh BACKUP -- psql --dbname=vneid --command='SELECT count(*) FROM events'
# The command finds the server by PGHOST and PGPORT. Nobody else can: there is no network listener. A
# backup that was never restored is a hope. Run it every night; not as root.
set -eu
backup=$1
shift
[ "${1:-}" = -- ] && shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
started=
clean_up() {
    [ -z "$started" ] || pg_ctl --pgdata="$work/data" --mode=immediate --silent stop || true
    rm -rf -- "$work"
}
trap clean_up EXIT

"$here/restore-to-time.sh" "$backup" "$work/data" latest >/dev/null
# Only its owner comes in, over the socket in a directory of its owner. The server's own settings name
# paths and sizes of another machine. Without a hot standby, whoever gets in finds recovery over.
printf 'local all all trust\n' >"$work/hba.conf"
printf '%s\n' 'hot_standby = off' 'max_wal_size = 1GB' >"$work/data/postgresql.conf"
started=yes
pg_ctl --pgdata="$work/data" --log="$work/log" --timeout=3600 --wait --silent start --options="\
 -c listen_addresses= -c unix_socket_directories=$work -c port=5432 -c ssl=off\
 -c hba_file=$work/hba.conf" || { cat "$work/log" >&2; exit 1; }

until pg_isready --quiet --host="$work" --port=5432; do
    pg_ctl --pgdata="$work/data" status >/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.2
done
export PGHOST="$work" PGPORT=5432 PGUSER="${PGUSER:-postgres}"
if [ "$#" -gt 0 ]; then "$@"; fi
echo "$backup restores"
