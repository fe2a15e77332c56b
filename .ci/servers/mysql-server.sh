# How a server of the MySQL family is started, waited for and ended. Sourced by `mysql` and `mariadb`, which set:
#
#   SERVER_PROGRAM   the server's path below PROGRAMS              TEMPLATE      an initialised data directory, copied by each start
#   PROGRAMS         where the programs were unpacked              READY_WORDS   what the server's log says when it is ready
#   LOADER           the dynamic loader they are started through   LIBRARY_PATH  a file with the list of their libraries' directories
#
# and define `prepare`, `server_options DIR` (which sets OPTIONS) and `server_version`.

# How long a server may take to be ready, in tenths of a second: crash recovery on a loaded machine included.
READY_TENTHS=900

# in_tree PROGRAM ARGS...: replaces this shell by an unpacked program, with the libraries it was unpacked with.
in_tree() {
  local program=$1
  shift
  exec "$LOADER" --library-path "$(cat "$LIBRARY_PATH")" "$PROGRAMS/$program" "$@"
}

start() {
  local dir='' port=0 detach=0 remove=0
  while [ $# -gt 0 ]; do
    case $1 in
      --dir) dir=${2:?--dir needs a directory}; shift 2 ;;
      --port) port=${2:?--port needs a number}; shift 2 ;;
      --detach) detach=1; shift ;;
      --remove) remove=1; shift ;;
      --) shift; break ;;
      *) die "unknown argument '$1' of start" ;;
    esac
  done
  [ -n "$dir" ] || die "start needs --dir DIR"
  prepare
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  [ ${#dir} -le 100 ] || die "the path $dir is too long for a Unix socket: choose one of at most 100 characters"
  [ -d "$dir/data" ] || cp -a --reflink=auto "$TEMPLATE" "$dir/data"
  server_options "$dir"

  local attempt chosen=$port
  for attempt in 1 2 3 4 5; do
    [ "$port" != 0 ] || chosen=$(free_port)
    launch "$dir" "$detach" "$chosen" "$@"
    if wait_until_ready "$dir"; then
      printf '{"port":%d,"pid":%d,"socket":"%s","dir":"%s","version":"%s"}\n' "$chosen" "$SERVER_PID" "$dir/s" "$dir" "$(server_version)"
      [ "$detach" = 1 ] || serve_while_stdin_is_open "$dir" "$remove"
      return 0
    fi
    # Only a port that somebody took in the meantime is worth another attempt.
    [ "$port" = 0 ] && grep -q 'Bind on TCP/IP port' "$dir/error.log" || break
  done
  tail -n 20 "$dir/error.log" >&2 || true
  die "$SERVER_PROGRAM did not become ready (attempt $attempt); its last messages are above"
}

launch() {
  local dir=$1 detach=$2 port=$3
  shift 3
  : >"$dir/error.log"
  if [ "$detach" = 1 ]; then
    (in_tree "$SERVER_PROGRAM" "${OPTIONS[@]}" --port="$port" "$@") </dev/null >/dev/null 2>&1 &
  else
    # The kernel kills the server should this shell be killed.
    setpriv --pdeathsig KILL "$LOADER" --library-path "$(cat "$LIBRARY_PATH")" "$PROGRAMS/$SERVER_PROGRAM" \
      "${OPTIONS[@]}" --port="$port" "$@" </dev/null >/dev/null 2>&1 &
  fi
  SERVER_PID=$!
}

wait_until_ready() {
  local dir=$1 tenth
  for ((tenth = 0; tenth < READY_TENTHS; tenth++)); do
    grep -q "$READY_WORDS" "$dir/error.log" 2>/dev/null && return 0
    kill -0 "$SERVER_PID" 2>/dev/null || return 1
    sleep 0.1
  done
  kill -KILL "$SERVER_PID" 2>/dev/null
  return 1
}

serve_while_stdin_is_open() {
  local dir=$1 remove=$2 line status
  trap 'kill -KILL "$SERVER_PID" 2>/dev/null || true' EXIT
  trap 'exit 143' TERM INT HUP
  # A killed server is the caller's doing: bash need not report it.
  exec 2>/dev/null
  # A server that stopped by itself (or was killed by a test) is noticed by the time-out of `read`, which is above 128.
  while kill -0 "$SERVER_PID" 2>/dev/null; do
    status=0
    read -r -t 0.2 line || status=$?
    [ "$status" -gt 128 ] || [ "$status" = 0 ] || break
  done
  kill -0 "$SERVER_PID" 2>/dev/null || return 0
  kill -KILL "$SERVER_PID" || true
  wait "$SERVER_PID" || true
  [ "$remove" = 0 ] || rm -rf "$dir"
}
