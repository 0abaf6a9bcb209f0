#!/usr/bin/env bash
# Installs what ./test needs and this machine lacks; does nothing where nothing is missing.
#
# As root it takes Debian's packages. The Python and Node tools go into a folder of their own (see
# places.sh) as whoever runs it. It never fails the run: what could not be installed is said here,
# and the check that needs it says SKIPPED.
set -uo pipefail
# shellcheck source=tests/tools/places.sh
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"

have() { command -v "$1" >/dev/null 2>&1; }

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || have initdb; }

has_mariadb() { [ -x /usr/sbin/mariadbd ] || have mariadbd; }

has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }

has_venv() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# quietly COMMAND...: its output only when it fails.
quietly() {
    "$@" >"$log" 2>&1 && return
    tail -n 5 "$log"
    return 1
}

missing_packages() {
    have cc || echo build-essential
    has_postgres || echo postgresql
    # The core package brings the server's programs alone: no service, no system database.
    has_mariadb && have mariadb-install-db || echo mariadb-server-core mariadb-client-core
    has_venv || echo python3 python3-venv
    { have node && have npm; } || echo nodejs npm
    have chromium || echo chromium
    has_faketime || echo faketime
}

apt() {
    DEBIAN_FRONTEND=noninteractive quietly apt-get -o DPkg::Lock::Timeout=600 -qq -y "$@"
}

# PostgreSQL's package makes and starts a cluster of the system's; the tests have no use for one.
install_packages() {
    local no_cluster=/etc/postgresql-common/createcluster.d/quarterdeck-test.conf
    apt update || return
    case " $* " in
    *" postgresql "*)
        apt install --no-install-recommends postgresql-common || return
        mkdir -p "${no_cluster%/*}"
        echo 'create_main_cluster = false' >"$no_cluster"
        ;;
    esac
    apt install --no-install-recommends "$@"
    local status=$?
    rm -f "$no_cluster"
    return "$status"
}

packages() {
    local wanted
    read -ra wanted <<<"$(missing_packages | tr '\n' ' ')"
    [ "${#wanted[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! have apt-get; then
        echo "missing, and only root on Debian can install them: ${wanted[*]}"
        return
    fi
    echo "installing Debian packages: ${wanted[*]}"
    install_packages "${wanted[@]}" || echo "not installed: ${wanted[*]}"
}

# build FOLDER COMMAND...: fills the folder once. The mark comes last, so that an interrupted
# installation is made anew; the lock keeps two runs of ./test apart.
build() {
    local dir=$1
    shift
    [ -f "$dir/.complete" ] && return
    mkdir -p "$tools_root" || return
    (
        flock 9
        [ -f "$dir/.complete" ] && exit
        echo "installing into $dir"
        rm -rf -- "$dir"
        quietly "$@" && touch "$dir/.complete"
    ) 9>"$tools_root/.lock"
}

# shellcheck disable=SC2317 # called through build
python_tools() {
    python3 -m venv "$python_env" &&
        "$python_env/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
}

# shellcheck disable=SC2317 # called through build
# Without the packages' own install scripts: spectral needs none of them.
node_tools() {
    mkdir -p "$spectral_env" &&
        npm install --prefix "$spectral_env" --ignore-scripts --no-audit --no-fund --loglevel=error \
            "@stoplight/spectral-cli@$SPECTRAL_VERSION" && "$spectral" --version
}

# shellcheck disable=SC2317 # called through build
# With a newer Node than Debian's, which some of the packages need (see browser.sh).
browser_tools() {
    mkdir -p "$browser_env" &&
        cp "$browser_suite/package.json" "$browser_suite/package-lock.json" "$browser_env" &&
        npm ci --prefix "$browser_env" --ignore-scripts --no-audit --no-fund --loglevel=error
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
packages
if has_venv; then
    build "$python_env" python_tools || echo "not installed: schemathesis, openapi-spec-validator"
fi
if have npm; then
    build "$spectral_env" node_tools || echo "not installed: spectral"
    build "$browser_env" browser_tools || echo "not installed: playwright-core, axe-core, lighthouse"
fi
have cargo-nextest || echo "cargo-nextest is not installed: the tests run with cargo test"
exit 0
