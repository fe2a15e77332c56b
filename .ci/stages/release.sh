. .ci/stages/lib.sh
run cargo build --release --locked -p conftrail
