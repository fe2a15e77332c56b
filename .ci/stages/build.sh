# Builds tests and program in one profile, the only one that tests and short demos use.
. .ci/stages/lib.sh
run cargo test --workspace --locked --no-run
