# Builds tests and program in one profile, the only one that tests and short demos use. The demos kill the program between an
# effect and its position, so it has the fail points that a release does not have.
. .ci/stages/lib.sh
run cargo test --workspace --locked --features conftrail/failpoints --no-run
