#!/usr/bin/env bash
# Holds a running `quarterdeck serve --demo` against its own OpenAPI document.
#
# A fresh SQLite database, a free port, two callers: the administrator and the viewer, who holds a
# restricted role. For each: the document is valid (openapi-spec-validator) and sound (spectral),
# and schemathesis finds no undocumented status, no 5xx and no answer that breaks its schema.
# Exit status 77 and a SKIPPED line when a tool is absent.
#
#   QUARTERDECK_BIN                a binary to test, instead of building target/debug/quarterdeck
#   QUARTERDECK_TEST_DRIVE         1: drive the server with schemathesis too (`./test schemathesis`)
#   QUARTERDECK_TEST_API_SECONDS   the time of the random phases for the administrator (default
#                                  120); the account tables and the viewer get a third of it each
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tools/places.sh
. "$here/places.sh"
seconds=${QUARTERDECK_TEST_API_SECONDS:-120}

# Seconds after which one run of schemathesis has failed.
patience=900

# A caller can take these away from itself (its account, its token, its role): they come last, in a
# run of their own.
account_paths='^/api/v1/qd_|^/auth/'

skip() {
    echo "SKIPPED api: $*"
    exit 77
}

fail() {
    echo "api: $*"
    failed=1
}

python() { "$python_env/bin/python" "$@"; }

# fetch PATH TOKEN: the body of a 200 answer on standard output, anything else is an error.
fetch() {
    python - "$address$1" "$2" <<'PY'
import sys, urllib.error, urllib.request
url, token = sys.argv[1:]
request = urllib.request.Request(url)
if token:
    request.add_header("Authorization", f"Bearer {token}")
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        sys.stdout.buffer.write(answer.read())
except urllib.error.HTTPError as error:
    sys.exit(f"{url}: {error.code} {error.read(500).decode(errors='replace')}")
except OSError as error:
    sys.exit(f"{url}: {error}")
PY
}

build() {
    binary=${QUARTERDECK_BIN:-}
    if [ -z "$binary" ]; then
        # --tests: the same features of the dependencies as the test build, so nothing is built twice.
        (cd "$here/../.." && cargo build --workspace --bins --tests)
        binary=${CARGO_TARGET_DIR:-$here/../../target}/debug/quarterdeck
    fi
    binary=$(realpath "$binary")
}

start() {
    local port tries
    port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    address=http://127.0.0.1:$port
    # By environment, so that `token create` finds the same database. The limits stay on, out of reach.
    export QUARTERDECK_DATABASE_URL=sqlite://$work/demo.db
    export QUARTERDECK_RATE_LIMIT_PER_ADDRESS=100000000 QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL=100000000
    # In the work folder: a quarterdeck.toml of the developer's must not be read.
    (cd "$work" && exec "$binary" serve --demo --bind "127.0.0.1:$port" \
        --database-url "$QUARTERDECK_DATABASE_URL" </dev/null >server.log 2>&1) &
    server=$!
    for tries in {1..240}; do
        if fetch /readyz "" >/dev/null 2>&1; then
            echo "server ready at $address"
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    echo "api: the server was not ready after $((tries / 2)) seconds; its last lines:"
    tail -n 30 "$work/server.log"
    exit 1
}

token() {
    local made
    if ! made=$(cd "$work" && "$binary" token create --user "$1" --name api-checks 2>"$work/token.err") ||
        [[ ! $made =~ ^qd_[[:graph:]]+$ ]]; then
        echo "api: token create --user $1 did not print a token alone:" >&2
        head -c 300 "$work/token.err" >&2
        return 1
    fi
    printf '%s\n' "$made"
}

operations() {
    python -c '
import json, sys
verbs = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
print(sum(verb in verbs for path in json.load(open(sys.argv[1]))["paths"].values() for verb in path))
' "$1"
}

# Every error in full, warnings by rule and number.
spectral_summary() {
    python - "$1" <<'PY'
import collections, json, sys
found = json.load(open(sys.argv[1]))
errors = [entry for entry in found if entry["severity"] == 0]
for entry in errors[:40]:
    print(f'  error {entry["code"]} at /{"/".join(map(str, entry["path"]))}: {entry["message"]}')
others = collections.Counter(entry["code"] for entry in found if entry["severity"] > 0)
print(f"spectral: {len(errors)} errors, {others.total()} warnings", dict(others) if others else "")
sys.exit(bool(errors))
PY
}

check_document() {
    local who=$1 document=$work/$1.json
    if ! fetch /api/openapi.json "$2" >"$document"; then
        fail "no OpenAPI document for $who"
        return
    fi
    echo "$who: $(operations "$document") operations"
    "$python_env/bin/openapi-spec-validator" "$document" || fail "the document of $who is not valid"
    # Its exit status says what the report says; a crash shows as a report that cannot be read.
    "$spectral" lint "$document" --ruleset "$here/../../.spectral.yaml" --format json \
        --output "$work/spectral-$who.json" --quiet >"$work/spectral.log" 2>&1 || true
    spectral_summary "$work/spectral-$who.json" || {
        cat "$work/spectral.log"
        fail "spectral refuses the document of $who"
    }
}

# drive WHO TOKEN SECONDS FILTER...: every operation goes through the coverage phase, about ten
# requests for each parameter. schemathesis' own time limit would leave operations untested there and
# still say that all is well, so that running out of time is a failure. The random phases then repeat
# until their time is spent.
drive() {
    local who=$1 token=$2 limit=$3
    shift 3
    run_schemathesis "$who" "$token" --phases coverage "$@"
    run_schemathesis "$who" "$token" --phases fuzzing,stateful --max-time "$limit" "$@"
}

# --foreground: in the process group of this script, so that what ends this script ends it too.
# The document names three ways to authenticate; the run uses one. With all three in it, each request
# would carry an invented cookie and key beside the real token.
bearer_only() {
    python3 - "$work/$1.json" "$work/$1.bearer.json" <<'PY'
import json, sys
document = json.load(open(sys.argv[1]))
schemes = document["components"]["securitySchemes"]
for name in [name for name in schemes if name != "bearer"]:
    del schemes[name]
places = [document] + [o for path in document["paths"].values() for o in path.values() if isinstance(o, dict)]
for place in places:
    kept = [s for s in place.get("security", []) if not s or "bearer" in s]
    if place.get("security"):
        place["security"] = kept or [{"bearer": []}]
json.dump(document, open(sys.argv[2], "w"))
PY
}

run_schemathesis() {
    local who=$1 token=$2
    shift 2
    bearer_only "$who"
    echo "schemathesis as $who: $*"
    (cd "$work" && exec timeout --foreground "$patience" "$python_env/bin/schemathesis" --config-file "$here/schemathesis.toml" \
        --no-color run "$work/$who.bearer.json" --url "$address" --header "Authorization: Bearer $token" "$@") ||
        fail "schemathesis as $who, exit status $?: $*"
}

# A token that died on the way would have turned every check into one of 401.
still_valid() {
    fetch /api/v1/_models "$2" >/dev/null || fail "the token of $1 did not live to the end of the run"
}

stop() {
    kill -TERM "$server" 2>/dev/null || fail "the server did not live to the end of the checks"
    local status=0
    wait "$server" || status=$?
    server=
    [ "$status" = 0 ] || fail "the server's exit status after SIGTERM is $status, not 0"
}

# shellcheck disable=SC2317 # called by the trap
clear() {
    trap '' INT TERM HUP PIPE
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    rm -rf -- "$work"
}

[ -f "$python_env/.complete" ] || skip "no schemathesis in $python_env (tests/tools/install.sh)"
[ -f "$spectral_env/.complete" ] || skip "no spectral in $spectral_env (tests/tools/install.sh)"
command -v node >/dev/null || skip "no node"
failed=0
server=
work=$(mktemp -d)
trap clear EXIT
trap 'exit 130' INT TERM HUP PIPE

build
start
administrator=$(token administrator)
viewer=$(token viewer)
check_document administrator "$administrator"
check_document viewer "$viewer"
if [ "$failed" = 0 ] && [ "$(operations "$work/viewer.json")" -ge "$(operations "$work/administrator.json")" ]; then
    fail "the viewer's document lists as many operations as the administrator's"
fi
if [ "${QUARTERDECK_TEST_DRIVE:-}" = 1 ]; then
    drive viewer "$viewer" $((seconds / 3)) --exclude-path-regex "$account_paths"
    still_valid viewer "$viewer"
    drive administrator "$administrator" "$seconds" --exclude-path-regex "$account_paths"
    still_valid administrator "$administrator"
    drive administrator "$administrator" $((seconds / 3)) --include-path-regex "$account_paths"
fi
stop
[ "$failed" = 0 ] || {
    echo "the server's last lines:"
    tail -n 30 "$work/server.log"
}
exit "$failed"
