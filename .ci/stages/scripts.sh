# Runs every executable script of a folder that may not exist yet: bench/, fuzz/.
. .ci/stages/lib.sh
shopt -s nullglob
scripts=()
for script in "$1"/*.sh; do
  [ ! -x "$script" ] || scripts+=("$script")
done
[ ${#scripts[@]} != 0 ] || note "nothing to run in $1/"
CONFTRAIL_BIN=$(realpath -m "$TARGET/release/conftrail")
export CONFTRAIL_BIN
failed=()
for script in "${scripts[@]}"; do
  log="$TARGET/ci/$1-$(basename "$script" .sh).log"
  note "\$ $script"
  # One that fails is no reason not to know what the others say.
  if ! bash "$script" >"$log" 2>&1; then
    failed+=("$script")
    note "  FAILED: $script"
    printf '\n$ %s\n' "$script"
    tail -n 60 "$log"
  fi
  # A benchmark's figures are for the reader of the gate, those of a failed one, too.
  tail -n 12 "$log" | sed 's/^/      /' >&3
done
[ ${#failed[@]} = 0 ] || fail "failed: ${failed[*]}"
