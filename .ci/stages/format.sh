. .ci/stages/lib.sh
run cargo fmt --all --check
