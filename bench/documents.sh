#!/usr/bin/env bash
# What it costs to mask and compare documents of one megabyte; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --locked -q -p conftrail-core --example documents_cost
