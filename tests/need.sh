# Shared by scripts that need programs of Debian's; sourced, not run.

say() { printf '%s\n' "$1" >&2; }

# need WHO PACKAGE…: installs packages where that is allowed; otherwise says what is missing.
need() {
    who=$1
    shift
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null && install_packages "$@"; then
        return
    fi
    say "$who need: $* (Debian: apt-get install $*)."
    exit 1
}

# Services that packages bring must not start: tests start private ones.
install_packages() {
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy=
    if [ -n "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    installed=0
    {
        apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    } >/dev/null || installed=1
    [ -z "$policy" ] || rm -f "$policy"
    return "$installed"
}
