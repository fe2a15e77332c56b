#!/usr/bin/env bash
# What 1,000 rules cost against 10, without and with conditions, and what one condition costs; see bench/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --locked -q -p conftrail-engine --example rules_cost
