# Fetches MySQL from Debian sid; see debian-fetch.sh. Sourced by `mysql`.

fetch_tree() {
  [ -f "$TREE/taken" ] && return 0
  local work="$CACHE/fetch"
  download_debs "$work" sid "MySQL and what it needs (50 MB)" mysql-server-core mysql-client-core
  list_taken "$work"
  compare_with_pins "$work/taken" "$HERE/mysql.pins" sid mysql-
  unpack_debs "$work" sbin/mysqld
  put_tree_in_place "$work"
}

server_version() {
  sed -n 's/^[0-9a-f]*  mysql-server-core_\([0-9.]*\)-.*/\1/p' "$TREE/taken"
}
