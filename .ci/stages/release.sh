# The program as shipped, and beside it one with fail points for the demos.
. .ci/stages/lib.sh
run cargo build --release --locked -p conftrail --features failpoints
cp "$TARGET/release/conftrail" "$TARGET/ci/conftrail-failpoints"
run cargo build --release --locked -p conftrail
