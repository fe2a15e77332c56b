#!/usr/bin/env bash
# `conftrail tail` against Debezium's embedded engine; see bench/README.md. Needs Java 17 and Maven.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p conftrail
classpath=$(mktemp)
trap 'rm -f "$classpath"' EXIT
mvn -q -B -f bench/debezium/pom.xml dependency:build-classpath -Dmdep.outputFile="$classpath" >&2
CLASSPATH_FILE=$classpath python3 bench/debezium.py
