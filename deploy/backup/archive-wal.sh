#!/bin/sh
# Keeps one finished segment of the write-ahead log. PostgreSQL calls it as
#   archive_command = 'archive-wal.sh "%p" "%f"'
# and asks again until it succeeds, so it succeeds only when the copy is whole and on disk.
# WAL_ARCHIVE: the directory, on another machine's disk.
set -eu
source=$1
name=$2
archive=${WAL_ARCHIVE:-/var/lib/vneid/wal-archive}
target=$archive/$name

# The same segment twice is fine: the server forgot that it had asked. Another one under this name is
# a second primary or a foreign archive, and never overwritten.
if [ -e "$target" ]; then
    cmp -s -- "$source" "$target" && exit 0
    echo "archive-wal: $target exists and differs" >&2
    exit 1
fi
part=$archive/.$name.$$
trap 'rm -f -- "$part"' EXIT
umask 077
cp -- "$source" "$part"
sync -- "$part"
# Link rather than rename: of two at once, one fails.
ln -- "$part" "$target"
sync -- "$archive"
