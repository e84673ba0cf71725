#!/bin/sh
# Takes a base backup and proves that every byte of it is what the server sent:
#   base-backup.sh DIRECTORY            connects as PGHOST, PGPORT, PGUSER say
# Makes DIRECTORY/<time in UTC>, complete or not at all. BACKUPS_KEPT (default 14) newest are kept.
set -eu
directory=$1
kept=${BACKUPS_KEPT:-14}
umask 077
mkdir -p -- "$directory"
name=$(date -u +%Y%m%dT%H%M%SZ)
part=$directory/.$name.part
trap 'rm -rf -- "$part"' EXIT

# The log written meanwhile comes along, so the backup starts even when the archive is lost.
pg_basebackup --pgdata="$part" --format=plain --wal-method=stream --checkpoint=fast \
    --manifest-checksums=SHA256 --label="vneid $name" --no-password
pg_verifybackup --quiet -- "$part"
sync
mv -- "$part" "$directory/$name"

# Names sort by time. The log that only removed backups needed goes with pg_archivecleanup.
set -- "$directory"/[0-9]*Z
while [ "$#" -gt "$kept" ]; do
    rm -rf -- "$1"
    shift
done
echo "$directory/$name"
