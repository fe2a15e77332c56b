. .ci/stages/lib.sh
run cargo clippy --workspace --all-targets --locked -- -D warnings
