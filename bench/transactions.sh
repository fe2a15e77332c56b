#!/usr/bin/env bash
# Memory under transactions of a gigabyte, plain and compressed; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p conftrail
exec python3 bench/transactions.py
