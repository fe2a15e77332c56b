. .ci/stages/lib.sh
log=$TARGET/ci/tests.log
run cargo test --workspace --locked --features conftrail/failpoints --no-fail-fast
if [ "$(grep -cE '^test result:.* [1-9][0-9]* ignored' "$log")" != 0 ]; then
  fail "ignored tests: a test that does not run is none"
fi
