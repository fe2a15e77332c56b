# Shared by the stages. Sourced first; the working directory is the root of the repository.
set -euo pipefail

TARGET=${CARGO_TARGET_DIR:-target}

# The gate's own output; a stage that is run by hand speaks to its stdout.
{ true >&3; } 2>/dev/null || exec 3>&1

note() { printf '    %s\n' "$*" >&3; }
fail() { printf '%s\n' "$*"; exit 1; }

# run COMMAND...: says what it runs, to the gate's output and to the log.
run() {
  note "\$ $*"
  printf '\n$ %s\n' "$*"
  "$@"
}
