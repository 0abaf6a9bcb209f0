# Sourced by the scripts beside it: where the tools that are not Debian packages are kept. Outside
# of the clone, so that a fresh clone and `cargo clean` cost nothing; versions are part of the names,
# so that a change of version is a new folder and never a half-changed old one.
# shellcheck shell=bash disable=SC2034

SPECTRAL_VERSION=6.16.3

tools_root=${QUARTERDECK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/quarterdeck-tools}
requirements=$(dirname "${BASH_SOURCE[0]}")/requirements.txt
python_env=$tools_root/python-$(cksum <"$requirements" | cut -d ' ' -f 1)
spectral_env=$tools_root/spectral-$SPECTRAL_VERSION
spectral=$spectral_env/node_modules/.bin/spectral
browser_suite=$(cd "$(dirname "${BASH_SOURCE[0]}")/../browser" && pwd)
browser_env=$tools_root/browser-$(cksum <"$browser_suite/package-lock.json" | cut -d ' ' -f 1)
