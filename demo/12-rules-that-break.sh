#!/usr/bin/env bash
# Runs 12-rules-that-break.py beside this file, which says what it shows; `short` or `long`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/lib" python3 "$here/12-rules-that-break.py" "$@"
