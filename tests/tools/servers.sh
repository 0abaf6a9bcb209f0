#!/usr/bin/env bash
# Private PostgreSQL and MariaDB servers for the tests, thrown away afterwards.
#
#   eval "$(tests/tools/servers.sh start)"   start both, export where they are
#   tests/tools/servers.sh stop              stop them and remove their files
#   tests/tools/servers.sh env [DIR]         print the exports again
#
# Everything lives in one fresh temporary folder, listens on 127.0.0.1 only, on a free port and
# behind a random password; a server that the system already runs is neither used nor touched.
# A server whose programs are absent is named on standard error as SKIPPED; one that is there and
# does not start is a failure. Nothing is synced to disk: the data is worthless and speed is not.
set -euo pipefail

note() { printf '%s\n' "$*" >&2; }

usage() {
    note "usage: servers.sh start | stop [DIR] | env [DIR]"
    exit 2
}

# Both servers refuse to run as root. The accounts of Debian's packages are used when they exist.
account() {
    local name
    for name in "$@" nobody; do
        if getent passwd "$name" >/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    note "no unprivileged account to run a database server as: tried $* nobody"
    return 1
}

# as ACCOUNT COMMAND...: root steps down to the account, everybody else stays who they are.
as() {
    local who=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$who" -- "$@"
    else
        "$@"
    fi
}

# own ACCOUNT DIR: a folder that only the server's account may enter.
own() {
    if [ "$(id -u)" = 0 ]; then
        install -d -m 700 -o "$1" "$2"
    else
        install -d -m 700 "$2"
    fi
}

# A port below the range from which the kernel takes the near ends of connections. Another process
# may still take it first: the callers then try again with the next one.
free_port() {
    local port tries
    for tries in {1..100}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
    note "no free port after $tries tries"
    return 1
}

password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# The newest installed PostgreSQL, 15 or later. Debian keeps its programs out of PATH.
postgres_bin() {
    local dir
    while read -r dir; do
        [ -x "$dir/initdb" ] || continue
        [ "$("$dir/initdb" --version | grep -oE '[0-9]+' | head -n 1)" -ge 15 ] || continue
        printf '%s\n' "$dir"
        return
    done < <(
        printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
        dirname "$(command -v initdb || echo /initdb)"
    )
    return 1
}

start_postgres() {
    local dir=$1/postgres bin who port secret tries
    if ! bin=$(postgres_bin); then
        note "SKIPPED postgresql: no initdb of PostgreSQL 15 or later (Debian package: postgresql)"
        return 0
    fi
    who=$(account postgres)
    secret=$(password)
    own "$who" "$dir"
    printf '%s\n' "$secret" | as "$who" tee "$dir/password" >/dev/null
    if ! as "$who" "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=password \
        --pwfile="$dir/password" --encoding=UTF8 --locale=C.UTF-8 --no-sync \
        >"$1/postgres-init.log" 2>&1; then
        cat "$1/postgres-init.log" >&2
        note "postgresql: initdb failed"
        return 1
    fi
    as "$who" tee -a "$dir/data/postgresql.conf" >/dev/null <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
CONF
    for tries in 1 2 3 4 5; do
        port=$(free_port)
        if as "$who" "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/server.log" --wait --silent \
            --timeout=60 --options="-p $port" start </dev/null >/dev/null 2>&1; then
            printf '%s\n' "$bin/pg_ctl" >"$1/postgres.pg_ctl"
            printf 'export QUARTERDECK_TEST_POSTGRES=postgres://postgres:%s@127.0.0.1:%s/\n' \
                "$secret" "$port" >>"$1/env"
            return 0
        fi
    done
    tail -n 20 "$dir/server.log" >&2 || true
    note "postgresql: no start after $tries tries"
    return 1
}

# mariadbd has no tool that waits for it: its log says when it listens.
await_mariadb() {
    local pid=$1 log=$2 tries
    for tries in {1..600}; do
        if grep -q 'ready for connections' "$log" 2>/dev/null; then
            return 0
        fi
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
    note "mariadb: not ready after $((tries / 10)) seconds"
    return 1
}

start_mariadb() {
    local dir=$1/mariadb daemon who port secret tries
    # sbin is not in everybody's PATH.
    daemon=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v mariadbd || true)
    if [ -z "$daemon" ] || ! command -v mariadb-install-db >/dev/null; then
        note "SKIPPED mariadb: no mariadbd or mariadb-install-db (Debian package: mariadb-server-core)"
        return 0
    fi
    who=$(account mysql)
    secret=$(password)
    own "$who" "$dir"
    own "$who" "$dir/tmp"
    if ! TMPDIR=$dir/tmp as "$who" mariadb-install-db --no-defaults --datadir="$dir/data" --skip-test-db \
        --auth-root-authentication-method=normal --skip-name-resolve \
        >"$1/mariadb-init.log" 2>&1; then
        cat "$1/mariadb-init.log" >&2
        note "mariadb: mariadb-install-db failed"
        return 1
    fi
    as "$who" tee "$dir/accounts.sql" >/dev/null <<SQL
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '$secret';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
SQL
    for tries in 1 2 3 4 5; do
        port=$(free_port)
        # In a session of its own, so that Ctrl-C in the terminal reaches the trap that stops it
        # and not the server. utf8mb4 is what Debian's configuration files set; they are not read.
        as "$who" setsid "$daemon" --no-defaults --datadir="$dir/data" --tmpdir="$dir/tmp" \
            --socket="$dir/socket" --pid-file="$dir/pid" --init-file="$dir/accounts.sql" \
            --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
            --character-set-server=utf8mb4 --max-connections=300 \
            --skip-log-bin --performance-schema=OFF --innodb-buffer-pool-size=128M \
            --innodb-flush-log-at-trx-commit=0 --skip-innodb-doublewrite --debug-no-sync \
            </dev/null >"$1/mariadb.log" 2>&1 &
        if await_mariadb "$!" "$1/mariadb.log"; then
            printf 'export QUARTERDECK_TEST_MYSQL=mysql://root:%s@127.0.0.1:%s/\n' \
                "$secret" "$port" >>"$1/env"
            return 0
        fi
        stop_mariadb "$1"
    done
    tail -n 20 "$1/mariadb.log" >&2
    note "mariadb: no start after $tries tries"
    return 1
}

stop_postgres() {
    [ -s "$1/postgres/data/postmaster.pid" ] || return 0
    local ctl
    ctl=$(cat "$1/postgres.pg_ctl" 2>/dev/null || printf '%s/pg_ctl\n' "$(postgres_bin)")
    as "$(stat -c %U "$1/postgres")" "$ctl" --pgdata="$1/postgres/data" --mode=immediate \
        --wait --silent stop >/dev/null || true
}

stop_mariadb() {
    local pid tries
    pid=$(cat "$1/mariadb/pid" 2>/dev/null) || return 0
    # The number may have passed to another process since.
    grep -qaF -- "$1/mariadb/data" "/proc/$pid/cmdline" 2>/dev/null || return 0
    kill "$pid" 2>/dev/null || return 0
    for tries in {1..100}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    note "mariadb: still there after $((tries / 10)) seconds, killed"
    kill -KILL "$pid" 2>/dev/null || true
}

start() {
    local base=${TMPDIR:-/tmp}
    # A private TMPDIR is closed to the account that the servers run as.
    if [ "$(id -u)" = 0 ] && ! as nobody test -x "$base"; then
        base=/tmp
    fi
    servers=$(mktemp -d "$base/quarterdeck-servers.XXXXXX")
    # Not local, and not called `dir`: a trap sees the variables of the function it interrupts.
    # A second signal, as `timeout` sends it, must not cut the clearing away short.
    trap 'trap "" INT TERM HUP PIPE; stop "$servers"' EXIT
    trap 'exit 130' INT TERM HUP PIPE
    chmod 711 "$servers"
    install -m 600 /dev/null "$servers/env"
    printf 'export QUARTERDECK_TEST_SERVERS=%q\n' "$servers" >>"$servers/env"
    start_postgres "$servers"
    start_mariadb "$servers"
    trap - EXIT INT TERM HUP PIPE
    cat "$servers/env"
}

stop() {
    # Only a folder that `start` made is ever removed.
    if ! grep -qs '^export QUARTERDECK_TEST_SERVERS=' "$1/env"; then
        note "servers.sh: $1 is not a folder of test servers"
        return 1
    fi
    stop_postgres "$1"
    stop_mariadb "$1"
    rm -rf -- "$1"
}

[ $# -ge 1 ] || usage
chosen=${2:-${QUARTERDECK_TEST_SERVERS:-}}
case $1 in
start) start ;;
stop)
    [ -n "$chosen" ] || usage
    stop "$chosen"
    ;;
env)
    [ -n "$chosen" ] || usage
    cat "$chosen/env"
    ;;
*) usage ;;
esac
