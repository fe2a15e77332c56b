#!/usr/bin/env bash
# Verification of a large trail; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p conftrail
exec python3 bench/verify.py
