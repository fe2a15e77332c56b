#!/usr/bin/env bash
# Capture against the raw stream, and into the trail; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p conftrail
cargo build --release --locked -p conftrail-binlog --example raw_stream
exec python3 bench/capture.py
