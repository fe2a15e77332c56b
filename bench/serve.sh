#!/usr/bin/env bash
# Latency, reads and idle size of a running instance; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p conftrail
exec python3 bench/serve.py
