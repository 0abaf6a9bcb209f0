#!/usr/bin/env bash
# api.sh documents|drive: holds a running `quarterdeck serve --demo` against its OpenAPI documents.
#
# A fresh SQLite database, a free port, two callers: the administrator and the viewer, who holds a
# restricted role. For each, `documents` checks that the document is valid (openapi-spec-validator)
# and sound (spectral), and `drive` that schemathesis finds no undocumented status, no 5xx and no
# answer that breaks its schema. What schemathesis is given of a document: prepare.py.
# Exit status 77 and a SKIPPED line when a tool is absent.
#
#   QUARTERDECK_BIN                a binary to test, instead of building target/debug/quarterdeck
#   QUARTERDECK_TEST_API_SECONDS   the time of the random phases for the administrator (default 60);
#                                  the viewer and the account tables get half of it each
#   QUARTERDECK_TEST_API_SEED      chooses what is sampled and what is invented (default 20)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tools/places.sh
. "$here/places.sh"
what=${1:-}
[[ $what =~ ^(documents|drive)$ ]] || {
    echo "usage: ${0##*/} documents|drive" >&2
    exit 2
}
seconds=${QUARTERDECK_TEST_API_SECONDS:-60}
seed=${QUARTERDECK_TEST_API_SEED:-20}

# Seconds after which one run of schemathesis has failed.
patience=1200

# With these a caller can lock others and itself out: they come last, for a caller of their own.
account_paths='^/api/v1/qd_|^/api/v1/_undo|^/auth/'

skip() {
    local name=api
    [ "$what" = documents ] || name=schemathesis
    echo "SKIPPED $name: $*"
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
    # To the server it would be a setting that does not exist.
    unset QUARTERDECK_BIN
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
    # Room for a request with every condition that prepare.py leaves in a list.
    export QUARTERDECK_QUERY_MAX_CONDITIONS=100
    # The sources that prepare.py names, one of each scheme.
    export QUARTERDECK_PLUGIN_WEBHOOKS_SHOP_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
    export QUARTERDECK_PLUGIN_WEBHOOKS_FORGE_SECRET='the words of this secret are known to everybody'
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

# The superuser that drives the paths of accounts. It is the last user that was made, so that
# prepare.py shows it others; only its two sessions are its own, for there are no more.
make_keeper() {
    local password
    password=$(head -c 24 /dev/urandom | base64)
    (cd "$work" && "$binary" user create keeper --superuser --password-stdin <<<"$password" >keeper.log 2>&1) || {
        cat "$work/keeper.log"
        return 1
    }
    python - "$address/auth/login" "$password" <<'PY'
import json, sys, urllib.request
address, password = sys.argv[1:]
body = json.dumps({"username": "keeper", "password": password}).encode()
for _ in range(2):
    urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"}), timeout=60)
PY
}

operations() {
    python -c '
import json, sys
verbs = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
print(sum(verb in verbs for path in json.load(open(sys.argv[1]))["paths"].values() for verb in path))
' "$1"
}

spectral_summary() {
    python - "$1" <<'PY'
import collections, json, sys
found = json.load(open(sys.argv[1]))
for entry in found[:40]:
    print(f'  {entry["code"]} at /{"/".join(map(str, entry["path"]))}: {entry["message"]}')
print("spectral:", dict(collections.Counter(entry["code"] for entry in found)) or "no findings")
sys.exit(bool(found))
PY
}

# fetch_document WHO TOKEN
fetch_document() {
    fetch /api/openapi.json "$2" >"$work/$1.json"
    echo "$1: $(operations "$work/$1.json") operations"
}

check_document() {
    local who=$1 document=$work/$1.json
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
    echo "$who:"
    python "$here/prepare.py" "$work/$who.json" "$work/$who.prepared.json" "$address" "$token" "$seed"
    run_schemathesis "$who" "$token" --phases coverage "$@"
    still_valid "$who" "$token"
    run_schemathesis "$who" "$token" --phases fuzzing,stateful --max-time "$limit" "$@"
}

# --foreground: in the process group of this script, so that what ends this script ends it too.
run_schemathesis() {
    local who=$1 token=$2
    shift 2
    echo "schemathesis as $who: $*"
    (cd "$work" && exec timeout --foreground "$patience" "$python_env/bin/schemathesis" \
        --config-file "$here/schemathesis.toml" --no-color run "$work/$who.prepared.json" --url "$address" --seed "$seed" \
        --header "Authorization: Bearer $token" "$@") ||
        fail "schemathesis as $who, exit status $?: $*"
}

# A token that died on the way would have turned every check into one of 401.
still_valid() {
    fetch /api/v1/_models "$2" >/dev/null || fail "the token of $1 did not live through the run"
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
if [ "$what" = documents ]; then
    [ -f "$spectral_env/.complete" ] || skip "no spectral in $spectral_env (tests/tools/install.sh)"
    command -v node >/dev/null || skip "no node"
fi
failed=0
server=
work=$(mktemp -d)
trap clear EXIT
trap 'exit 130' INT TERM HUP PIPE

build
start
administrator=$(token administrator)
viewer=$(token viewer)
fetch_document administrator "$administrator"
fetch_document viewer "$viewer"
case $what in
documents)
    check_document administrator
    check_document viewer
    if [ "$(operations "$work/viewer.json")" -ge "$(operations "$work/administrator.json")" ]; then
        fail "the viewer's document lists as many operations as the administrator's"
    fi
    ;;
drive)
    drive viewer "$viewer" $((seconds / 2)) --exclude-path-regex "$account_paths"
    still_valid viewer "$viewer"
    drive administrator "$administrator" "$seconds" --exclude-path-regex "$account_paths"
    still_valid administrator "$administrator"
    make_keeper
    keeper=$(token keeper)
    # The newest of its tokens, which prepare.py shows it: for what revokes one.
    token keeper >/dev/null
    fetch_document keeper "$keeper"
    # What is invented may lock the keeper out in the end.
    drive keeper "$keeper" $((seconds / 2)) --include-path-regex "$account_paths"
    ;;
esac
stop
[ "$failed" = 0 ] || {
    echo "the server's last lines:"
    tail -n 30 "$work/server.log"
}
exit "$failed"
