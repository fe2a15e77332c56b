. .ci/stages/lib.sh
run cargo clippy --workspace --all-targets --locked -- -D warnings
run cargo clippy -p conftrail-pipeline --features failpoints --locked -- -D warnings
