#!/usr/bin/env bash
# Runs 19-following.py beside this file, which says what it shows; `short` or `long`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/lib" python3 "$here/19-following.py" "$@"
