#!/bin/sh
# Builds the binary of the release before this one, for the test that runs both side by side on one
# database. It goes beside this release's: <target>/previous-release/vneid. Where the history is not
# at hand (an unpacked archive), it says so and the test is skipped.
set -eu
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
commit=$(cat tests/previous-release)
kept=$target/previous-release
if [ -x "$kept/vneid" ] && [ "$(cat "$kept/commit" 2>/dev/null)" = "$commit" ]; then
    exit 0
fi
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
    echo "release $commit is not in the history here: the upgrade test will be skipped" >&2
    exit 0
fi

rm -rf "$kept"
mkdir -p "$kept/source"
git archive "$commit" | tar -x -C "$kept/source"
# The same target directory, so that only our own crates are compiled twice. Whatever is built next
# puts this release's binary back in its place.
target=$(cd "$target" && pwd)
(cd "$kept/source" && CARGO_TARGET_DIR=$target cargo build --quiet --locked --package vneid)
cp "$target/debug/vneid" "$kept/vneid"
rm -rf "$kept/source"
echo "$commit" >"$kept/commit"
