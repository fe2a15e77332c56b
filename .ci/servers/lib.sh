# Shared by the server scripts: where fetched servers live, one lock per server, the machine's own Debian mirror.
# Sourced, never run. Messages go to stderr; stdout belongs to the caller.

CACHE_ROOT="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/conftrail-servers"

say() { printf '%s: %s\n' "${SCRIPT_NAME:-servers}" "$*" >&2; }
die() { say "$*"; exit 1; }

# cache_dir NAME PINS_FILE...: one directory per server and content of its pins, outside the clone.
cache_dir() {
  local name=$1 digest
  shift
  digest=$(cat "$@" | sha256sum | cut -c1-16)
  printf '%s/%s-%s\n' "$CACHE_ROOT" "$name" "$digest"
}

# with_lock DIR COMMAND...: runs COMMAND while holding DIR's lock; parallel callers wait for the first one.
with_lock() {
  local dir=$1
  shift
  mkdir -p "$dir" || die "cannot create the cache directory $dir"
  local lock
  exec {lock}>"$dir/.lock"
  if ! flock --exclusive --nonblock "$lock"; then
    say "waiting for another process that is preparing $dir"
    flock --exclusive --timeout 900 "$lock" || die "gave up after 15 minutes waiting for the lock $dir/.lock"
  fi
  "$@"
  exec {lock}>&-
}

# need_tool COMMAND PACKAGE: installs PACKAGE by apt-get where we are root, else says what to install.
need_tool() {
  local tool=$1 package=$2
  command -v "$tool" >/dev/null 2>&1 && return 0
  apt_install "$package" || die "the command '$tool' is missing: install the Debian package '$package' and run again"
  command -v "$tool" >/dev/null 2>&1 || die "the package '$package' was installed but '$tool' is still not in PATH"
}

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  say "installing $* with apt-get"
  local attempt
  for attempt in 1 2; do
    if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null >&2; then
      return 0
    fi
    [ "$attempt" = 2 ] || apt-get update </dev/null >&2 || return 1
  done
  return 1
}

# debian_mirror: the archive this machine already uses, so that no host name is written down here.
debian_mirror() {
  if [ -n "${CONFTRAIL_DEBIAN_MIRROR:-}" ]; then
    printf '%s\n' "$CONFTRAIL_DEBIAN_MIRROR"
    return 0
  fi
  local file uri
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    uri=$(awk '
      function flush() { if (uri != "" && suites !~ /security/ && uri ~ /debian/) { print uri; found = 1; exit } uri = ""; suites = "" }
      /^[ \t]*$/ { flush(); next }
      tolower($1) == "uris:" { uri = $2 }
      tolower($1) == "suites:" { suites = $0 }
      END { if (!found) flush() }' "$file")
    [ -n "$uri" ] && printf '%s\n' "$uri" && return 0
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    uri=$(sed -E 's/\[[^]]*\]//' "$file" | awk '$1 == "deb" && $2 ~ /debian/ && $3 !~ /security/ { print $2; exit }')
    [ -n "$uri" ] && printf '%s\n' "$uri" && return 0
  done
  return 1
}

# free_port: a TCP port of 127.0.0.1 that nobody listens on, below the range for outgoing connections.
free_port() {
  local port attempt
  for attempt in $(seq 1 200); do
    port=$((18000 + (RANDOM * 32768 + RANDOM) % 14000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return 0
    fi
  done
  die "found no free port after $attempt attempts"
}
