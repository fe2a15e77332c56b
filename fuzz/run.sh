#!/usr/bin/env bash
# Fuzzes everything that reads bytes from outside, two targets at a time.
#
#   fuzz/run.sh                     10 minutes for each target that reads what a server or a file of a customer holds, 30 seconds
#                                   for each of the others
#   fuzz/run.sh 60                  60 seconds for each target
#   fuzz/run.sh 60 rows query       these targets only
#   fuzz/run.sh keep [TARGET...]    keeps in fuzz/kept/ the few inputs that reach all that fuzz/corpus/ reaches
#
# It needs a C++ compiler, and installs cargo-fuzz into the cache of tools; the compiler is the stable one of the project. Inputs
# that taught the fuzzer something stay in fuzz/corpus/, which git does not know; the tests of the crates replay fuzz/kept/. An
# input that breaks a target is in fuzz/artifacts/, and the script says how to see it again: mend what it found, and put it into
# fuzz/found/TARGET/, which the tests replay as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_FUZZ_VERSION=0.13.2
TOOLS=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/conftrail-tools/cargo-fuzz-$CARGO_FUZZ_VERSION
# The row decoder, the table-map parser, binary JSON, GTIDs, documents: their bytes come from strangers.
THOROUGH=(rows table_map json gtids documents)
SECONDS_THOROUGH=600
SECONDS_OTHERS=30
AT_A_TIME=2
LONGEST_INPUT=4096
LONGEST_KEPT=512
SLOWEST_INPUT=10
MOST_MEMORY_MB=2048

die() { printf 'fuzz: %s\n' "$*" >&2; exit 1; }

mode=fuzz each=''
case ${1:-} in
  '') ;;
  keep) mode=keep; shift ;;
  *) each=$1; shift; [[ $each =~ ^[1-9][0-9]*$ ]] || die "usage: fuzz/run.sh [keep|SECONDS] [TARGET...]" ;;
esac
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  # The long ones first, so that the short ones fill what is left.
  targets=("${THOROUGH[@]}")
  for target in fuzz/targets/*.rs; do
    target=$(basename "$target" .rs)
    [[ " ${THOROUGH[*]} " == *" $target "* ]] || targets+=("$target")
  done
fi
for target in "${targets[@]}"; do
  [ -f "fuzz/targets/$target.rs" ] || die "there is no target '$target'"
done

command -v c++ >/dev/null 2>&1 || die "there is no C++ compiler, which libFuzzer is built with: install the package 'g++' and try again"
if [ ! -x "$TOOLS/bin/cargo-fuzz" ]; then
  printf 'installing cargo-fuzz %s into %s\n' "$CARGO_FUZZ_VERSION" "$TOOLS"
  nice cargo install cargo-fuzz --locked --version "$CARGO_FUZZ_VERSION" --root "$TOOLS" --quiet ||
    die "cargo-fuzz could not be installed; see above"
fi
PATH="$TOOLS/bin:$PATH"

# seed TARGET FILE...: puts files among a target's inputs, under names that tell where they come from.
seed() {
  local target=$1 file
  shift
  for file in "$@"; do
    [ ! -f "$file" ] || cp "$file" "fuzz/corpus/$target/seed-${file//\//-}"
  done
}

# seed_lines TARGET FILE: puts each line of a file among a target's inputs.
seed_lines() {
  local target=$1 number=0 line
  while IFS= read -r line; do
    number=$((number + 1))
    printf '%s' "$line" >"fuzz/corpus/$target/seed-line-$number"
  done <"$2"
}

for target in fuzz/targets/*.rs; do
  target=$(basename "$target" .rs)
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  seed "$target" "fuzz/found/$target"/*
  [ ! -f "fuzz/kept/$target.txt" ] || python3 fuzz/kept.py unpack "fuzz/kept/$target.txt" "fuzz/corpus/$target"
done
seed documents crates/conftrail-core/tests/golden/*/{before,after}.* config/default.yaml
seed rules crates/conftrail-engine/src/rules/builtin.yaml fuzz/seeds/rules*.yaml rules/*.yaml
seed routing fuzz/seeds/routing.yaml
seed events fuzz/events/*.json crates/conftrail-core/tests/golden/*/expected.json
for target in query when claims positions gtids; do
  seed_lines "$target" "fuzz/seeds/$target.txt"
done
nice cargo run --quiet --locked -p conftrail-binlog --example fuzz_seeds -- fuzz/corpus

export CARGO_TARGET_DIR=$PWD/fuzz/target
# Optimized, with debug assertions and overflow checks. A sanitizer needs a nightly compiler, and no crate of ours has unsafe code.
nice cargo fuzz build --sanitizer none
programs=$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release

# fuzz TARGET: runs one target, and says how it went.
fuzz() {
  local target=$1 log=$CARGO_TARGET_DIR/$1.log seconds=$each started=$SECONDS
  if [ -z "$seconds" ]; then
    seconds=$SECONDS_OTHERS
    [[ " ${THOROUGH[*]} " != *" $target "* ]] || seconds=$SECONDS_THOROUGH
  fi
  # The program itself, not `cargo fuzz run`, which would build again when somebody edits meanwhile.
  if nice "$programs/$target" "fuzz/corpus/$target" \
    -artifact_prefix="fuzz/artifacts/$target/" -max_total_time="$seconds" -max_len="$LONGEST_INPUT" \
    -timeout="$SLOWEST_INPUT" -rss_limit_mb="$MOST_MEMORY_MB" >"$log" 2>&1; then
    printf '%-10s ok %9d runs in %4d s, reached %5d edges, %5d features, %5d inputs\n' "$target" "$(last DONE '#\([0-9]*\)' "$log")" \
      $((SECONDS - started)) "$(last DONE 'cov: \([0-9]*\)' "$log")" "$(last DONE 'ft: \([0-9]*\)' "$log")" \
      "$(last DONE 'corp: \([0-9]*\)' "$log")"
  else
    printf '%-10s FAILED after %d s\n' "$target" $((SECONDS - started))
    grep -E -A 1 'panicked at|^==[0-9]+== ?ERROR' "$log" | head -n 6 || tail -n 6 "$log"
    sed -n "s|.*Test unit written to \(.*\)|  again: $programs/$target \1|p" "$log"
    return 1
  fi
}

# last LINE EXPRESSION LOG: what an expression finds in the last line of a log that holds a word.
last() {
  sed -n "/$1/s/.*$2.*/\1/p" "$3" | tail -n 1
}

# keep TARGET: writes a small set of inputs, cut where they are long, that runs every piece of code that the corpus runs.
keep() {
  local target=$1 log=$CARGO_TARGET_DIR/$1.keep.log few=$CARGO_TARGET_DIR/$1.few before=0 longest=$LONGEST_KEPT
  # An event that is cut is none.
  [ "$target" != events ] || longest=$LONGEST_INPUT
  [ ! -f "fuzz/kept/$target.txt" ] || before=$(wc -l <"fuzz/kept/$target.txt")
  rm -rf "$few" && mkdir "$few"
  # Counters of loops and values of comparisons would keep ten times as many.
  nice "$programs/$target" -set_cover_merge=1 -use_counters=0 -use_cmp=0 -max_len="$longest" "$few" "fuzz/corpus/$target" >"$log" 2>&1 ||
    { tail -n 6 "$log"; return 1; }
  python3 fuzz/kept.py pack "$few" "fuzz/kept/$target.txt"
  printf '%-10s %d inputs, before %d; %d bytes\n' "$target" "$(wc -l <"fuzz/kept/$target.txt")" "$before" "$(wc -c <"fuzz/kept/$target.txt")"
}

failed=()
declare -A running=()
# reap: waits for one of the targets that run.
reap() {
  local process status=0
  wait -n -p process || status=$?
  [ "$status" = 0 ] || failed+=("${running[$process]}")
  unset "running[$process]"
}
for target in "${targets[@]}"; do
  [ ${#running[@]} -lt "$AT_A_TIME" ] || reap
  "$mode" "$target" &
  running[$!]=$target
done
while [ ${#running[@]} != 0 ]; do reap; done
[ ${#failed[@]} = 0 ] || die "failed: ${failed[*]} (logs in $CARGO_TARGET_DIR)"
