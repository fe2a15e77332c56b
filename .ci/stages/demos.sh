# Runs every demo/NN-name.sh with `short` (on the build of the tests) or `long` (on the release build). A demo finds the program,
# with fail points, in CONFTRAIL_BIN.
. .ci/stages/lib.sh
form=$1
program=debug/conftrail
minutes=3
if [ "$form" = long ]; then
  program=ci/conftrail-failpoints
  minutes=20
fi
CONFTRAIL_BIN=$(realpath -m "$TARGET/$program")
export CONFTRAIL_BIN
[ -x "$CONFTRAIL_BIN" ] || fail "$CONFTRAIL_BIN was not built"

# Each demo has its own process group, so that nothing it started outlives it or this stage.
group=''
end_group() { [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null || true; }
trap end_group EXIT
trap 'exit 143' TERM INT

shopt -s nullglob
failed=()
for script in demo/[0-9][0-9]-*.sh; do
  started=$SECONDS
  status=0
  log="$TARGET/ci/demo-$(basename "$script" .sh).log"
  set -m
  timeout --kill-after=10 "${minutes}m" bash "$script" "$form" >"$log" 2>&1 </dev/null &
  group=$!
  set +m
  wait "$group" || status=$?
  end_group
  # A demo's last line says what it showed.
  if [ "$status" = 0 ]; then
    note "$script $form: $((SECONDS - started)) s: $(tail -n 1 "$log")"
  else
    failed+=("$script")
    note "$script $form: FAILED (exit $status) after $((SECONDS - started)) s, log in $log"
    printf '\n--- %s\n' "$log"
    tail -n 40 "$log"
  fi
done
[ ${#failed[@]} = 0 ] || fail "failed: ${failed[*]}"
