#!/bin/bash
# What one more entity costs a release build: `examples/library` is built as it is and with 20 copies of
# its entity `book`, in turn, three times each. Nothing but that crate is built again.
# Usage: tests/tools/entity_cost.sh [COPIES]
set -euo pipefail
copies=${1:-20}
here=$(cd "$(dirname "$0")/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$here" "$work/plain"
cp -r "$work/plain" "$work/more"
sources=$work/more/examples/library/src
models=
for i in $(seq "$copies"); do
    sed "s/table_name = \"book\"/table_name = \"book$i\"/" "$sources/book.rs" > "$sources/book$i.rs"
    echo "pub mod book$i;" >> "$sources/lib.rs"
    models+=".model::<library::book$i::Entity>(|m| m)"
done
sed -i "s/\.model::<author::Entity>/$models&/" "$sources/main.rs"

# The crates that both have in common must be the same to cargo: one checkout, two sources.
mv "$work/plain/examples/library/src" "$work/src.plain"
mv "$sources" "$work/src.more"
cd "$work/plain"
build() { # SECONDS of a build of the crate with these sources
    rm -rf examples/library/src
    cp -r "$work/src.$1" examples/library/src
    touch examples/library/src/*
    local begun
    begun=$(date +%s.%N)
    cargo build --release -q -p library
    echo "$(date +%s.%N) - $begun" | bc
}
build plain > /dev/null
total=0
for round in 1 2 3; do
    plain=$(build plain)
    more=$(build more)
    each=$(echo "scale=3; ($more - $plain) / $copies" | bc)
    total=$(echo "$total + $each" | bc)
    echo "round $round: $plain s with two entities, $more s with $((copies + 2)): $each s for each"
done
echo "$(echo "scale=3; $total / 3" | bc) s for one more entity"
