#!/bin/sh
# Makes a data directory that PostgreSQL, once started on it, brings to a point in time:
#   restore-to-time.sh BACKUP TARGET 2026-11-22T10:00:00Z
#   restore-to-time.sh BACKUP TARGET latest
# WAL_ARCHIVE: where archive-wal.sh put the log. TARGET must not exist. Starts nothing itself;
# docs/operations/backup.md says what to do before the first node connects.
set -eu
backup=$1
target=$2
time=$3
archive=${WAL_ARCHIVE:-/var/lib/vneid/wal-archive}

fail() { echo "restore-to-time: $1" >&2; exit 1; }
[ ! -e "$target" ] || fail "$target exists"
[ -d "$archive" ] || fail "there is no archive at $archive"
case $archive in *[!A-Za-z0-9/._-]*) fail 'the path of the archive holds characters a shell would read' ;; esac
pg_verifybackup --quiet -- "$backup"

umask 077
cp -a -- "$backup" "$target"
# The copy must not write into the archive of the server it came from, nor wait for its standbys.
{
    printf "archive_mode = off\n"
    printf "synchronous_standby_names = ''\n"
    printf "restore_command = 'cp \"%s/%%f\" \"%%p\"'\n" "$archive"
    case $time in
    latest) printf "recovery_target_timeline = 'latest'\n" ;;
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*Z)
        # Ends after the last commit before this instant, and then serves. The setting takes neither
        # the T nor the Z of RFC 3339.
        printf "recovery_target_time = '%s+00'\n" "$(printf '%s' "${time%Z}" | tr T ' ')"
        printf "recovery_target_action = 'promote'\n"
        ;;
    *) fail 'the time is written as 2026-11-22T10:00:00Z' ;;
    esac
} >>"$target/postgresql.auto.conf"
touch -- "$target/recovery.signal"
echo "$target"
