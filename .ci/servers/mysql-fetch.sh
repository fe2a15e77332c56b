# Fetches MySQL from Debian sid through a private apt configuration. Sourced by `mysql`.
#
# sid moves: mysql.pins names the files the tests were last seen to pass with. What sid has now is taken when a pinned file is gone,
# said loudly, and recorded in the cache as `taken`. Signatures and hashes are checked by apt in any case.

# Packages of the closure whose files a database server never opens.
NOT_UNPACKED='^(perl|perl-base|perl-modules-.*|libperl.*|debconf|cdebconf|dpkg|pam.*|libpam.*|systemd.*|init-system-helpers|sysvinit-utils|mysql-common|bash|base-files|adduser|passwd)_'

fetch_tree() {
  [ -f "$TREE/taken" ] && return 0
  need_tool apt-get apt
  need_tool dpkg-deb dpkg
  local work="$CACHE/fetch"
  rm -rf "$work" "$TREE.new"
  private_apt "$work"
  export APT_CONFIG="$work/apt.conf"
  say "reading the index of Debian sid"
  apt-get -q update -o APT::Update::Error-Mode=any </dev/null >"$work/update.log" 2>&1 || fetch_failed "$work/update.log" "cannot read the index of Debian sid"
  say "downloading MySQL and what it needs (50 MB)"
  apt-get -y -q --download-only install mysql-server-core mysql-client-core </dev/null >"$work/download.log" 2>&1 \
    || fetch_failed "$work/download.log" "cannot download MySQL from Debian sid"
  unset APT_CONFIG
  (cd "$work/cache/archives" && sha256sum -- *.deb) >"$work/taken"
  compare_with_pins "$work/taken"
  unpack "$work"
  cp "$work/taken" "$TREE.new/taken"
  rm -rf "$TREE"
  mv "$TREE.new" "$TREE"
  rm -rf "$work"
}

fetch_failed() {
  tail -n 15 "$1" >&2
  die "$2 (mirror: $MIRROR); is it reachable from here? CONFTRAIL_DEBIAN_MIRROR names another one"
}

private_apt() {
  local work=$1 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  MIRROR=$(debian_mirror) || die "found no Debian archive in this machine's apt sources; set CONFTRAIL_DEBIAN_MIRROR to one"
  [ -r "$keyring" ] || apt_install debian-archive-keyring || die "missing $keyring: install the package debian-archive-keyring"
  mkdir -p "$work"/{etc/apt.conf.d,etc/preferences.d,state/lists/partial,cache/archives/partial}
  : >"$work/status"
  printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$MIRROR" >"$work/etc/sources.list"
  # How this machine reaches the network (proxy, time-outs, certificates) stays as it is; its hooks do not run.
  apt-config dump | grep -E '^Acquire::(https?|Check-Date)(::| )' >"$work/apt.conf" || true
  # Mirrors lag behind: sid's release file may be past its week. Signatures are still checked.
  cat >>"$work/apt.conf" <<CONF
Dir::State "$work/state"; Dir::State::status "$work/status"; Dir::Cache "$work/cache";
Dir::Etc "$work/etc"; Dir::Etc::sourcelist "$work/etc/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::netrc "/etc/apt/auth.conf"; Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
APT::Install-Recommends "false"; APT::Sandbox::User "root";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3";
CONF
}

compare_with_pins() {
  local differing total
  differing=$(comm -23 <(sort "$1") <(grep -v '^#' "$HERE/mysql.pins" | sort) | awk '{print $2}')
  [ -n "$differing" ] || return 0
  total=$(wc -l <"$1")
  say "=== sid has moved on: $(wc -l <<<"$differing") of $total files are not those of mysql.pins. Taking what it offers now:"
  grep '^mysql-' <<<"$differing" | sed 's/^/      /' >&2 || say "      (MySQL itself is as pinned; libraries differ)"
  say "=== the list is $TREE/taken; once the tests pass with it, copy it to .ci/servers/mysql.pins"
}

unpack() {
  local work=$1 deb loader
  mkdir -p "$TREE.new/root"
  for deb in "$work"/cache/archives/*.deb; do
    if [[ $(basename "$deb") =~ $NOT_UNPACKED ]]; then continue; fi
    dpkg-deb -x "$deb" "$TREE.new/root" || die "cannot unpack $(basename "$deb")"
  done
  rm -rf "$TREE.new/root/usr/share/"{doc,man,locale,perl,lintian,i18n}
  loader=$(find "$TREE.new/root" -name 'ld-linux*.so.*' -type f | head -n 1)
  [ -n "$loader" ] || die "the unpacked tree holds no dynamic loader"
  ln -s "${loader#"$TREE.new/"}" "$TREE.new/loader"
  find "$TREE.new/root" -name '*.so*' -printf '%h\n' | grep -E "^$TREE.new/root/usr/lib(64|/[^/]*-linux-gnu|/mysql/private)?\$" | sort -u \
    | sed "s|^$TREE.new|$TREE|" | paste -sd: >"$TREE.new/library-path"
  [ -x "$TREE.new/root/usr/sbin/mysqld" ] || die "the unpacked tree holds no mysqld"
}

server_version() {
  sed -n 's/^[0-9a-f]*  mysql-server-core_\([0-9.]*\)-.*/\1/p' "$TREE/taken"
}
