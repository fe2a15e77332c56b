. .ci/stages/lib.sh
export RUSTDOCFLAGS="-D warnings"
run cargo doc --workspace --no-deps --locked
run python3 .ci/stages/links.py
