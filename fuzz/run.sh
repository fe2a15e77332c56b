#!/usr/bin/env bash
# Fuzzes everything that reads bytes from outside, each target for some seconds.
#
#   fuzz/run.sh                     30 seconds for each target
#   fuzz/run.sh 600                 600 seconds for each
#   fuzz/run.sh 600 rows query      these targets only
#
# It needs a nightly compiler and a C++ compiler, and installs cargo-fuzz into the cache of tools. Inputs that taught the fuzzer
# something stay in fuzz/corpus/; one that breaks a target is in fuzz/artifacts/, and the script says how to see it again. Documents
# that did so are kept in fuzz/found/, which the tests of conftrail-core replay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SECONDS_EACH=${1:-30}
[ $# = 0 ] || shift
CARGO_FUZZ_VERSION=0.13.2
TOOLS=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/conftrail-tools/cargo-fuzz-$CARGO_FUZZ_VERSION
LONGEST_INPUT=4096
SLOWEST_INPUT=10
MOST_MEMORY_MB=2048

die() { printf 'fuzz: %s\n' "$*" >&2; exit 1; }

[[ $SECONDS_EACH =~ ^[1-9][0-9]*$ ]] || die "usage: fuzz/run.sh [SECONDS [TARGET...]]"
cargo +nightly --version >/dev/null 2>&1 ||
  die "there is no nightly compiler, which the fuzzer needs: run 'rustup toolchain install nightly --profile minimal' and try again"
command -v c++ >/dev/null 2>&1 || die "there is no C++ compiler, which libFuzzer is built with: install the package 'g++' and try again"
if [ ! -x "$TOOLS/bin/cargo-fuzz" ]; then
  printf 'installing cargo-fuzz %s into %s\n' "$CARGO_FUZZ_VERSION" "$TOOLS"
  nice cargo +nightly install cargo-fuzz --locked --version "$CARGO_FUZZ_VERSION" --root "$TOOLS" --quiet ||
    die "cargo-fuzz could not be installed; see above"
fi
PATH="$TOOLS/bin:$PATH"

# seed TARGET FILE...: puts files among a target's inputs, under names that tell where they come from.
seed() {
  local target=$1 file
  shift
  mkdir -p "fuzz/corpus/$target"
  for file in "$@"; do
    [ ! -f "$file" ] || cp "$file" "fuzz/corpus/$target/seed-${file//\//-}"
  done
}

# seed_lines TARGET FILE: puts each line of a file among a target's inputs.
seed_lines() {
  local target=$1 number=0 line
  mkdir -p "fuzz/corpus/$target"
  while IFS= read -r line; do
    number=$((number + 1))
    printf '%s' "$line" >"fuzz/corpus/$target/seed-line-$number"
  done <"$2"
}

seed documents crates/conftrail-core/tests/golden/*/{before,after}.* config/default.yaml fuzz/found/documents/*
seed rules crates/conftrail-engine/src/rules/builtin.yaml fuzz/seeds/rules*.yaml rules/*.yaml
seed routing fuzz/seeds/routing.yaml
seed events fuzz/src/event.*.json crates/conftrail-core/tests/golden/*/expected.json
for target in query claims positions; do
  seed_lines "$target" "fuzz/seeds/$target.txt"
done
nice cargo run --quiet --locked -p conftrail-binlog --example fuzz_seeds -- fuzz/corpus

targets=("$@")
[ ${#targets[@]} != 0 ] || for target in fuzz/targets/*.rs; do
  targets+=("$(basename "$target" .rs)")
done
export CARGO_TARGET_DIR=$PWD/fuzz/target
nice cargo +nightly fuzz build
programs=$CARGO_TARGET_DIR/$(rustc +nightly -vV | sed -n 's/^host: //p')/release

failed=()
for target in "${targets[@]}"; do
  log=$CARGO_TARGET_DIR/$target.log
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  # The program itself, not `cargo fuzz run`, which would build again when somebody edits meanwhile.
  if ASAN_OPTIONS=detect_odr_violation=0 nice "$programs/$target" "fuzz/corpus/$target" \
    -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$SECONDS_EACH" -max_len="$LONGEST_INPUT" \
    -timeout="$SLOWEST_INPUT" -rss_limit_mb="$MOST_MEMORY_MB" >"$log" 2>&1; then
    printf '%-10s ok      %s\n' "$target" "$(sed -n 's/^Done \(.*\)/\1/p' "$log")"
  else
    failed+=("$target")
    printf '%-10s FAILED\n' "$target"
    grep -E -A 1 'panicked at|^==[0-9]+== ?ERROR' "$log" | head -n 6 || tail -n 6 "$log"
    sed -n 's/.*Test unit written to \(.*\)/  again: cargo +nightly fuzz run '"$target"' \1/p' "$log"
  fi
done
[ ${#failed[@]} = 0 ] || die "failed: ${failed[*]} (logs in $CARGO_TARGET_DIR)"
