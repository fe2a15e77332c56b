# Unpacks programs from Debian's archive through a private apt configuration: nothing is installed. Sourced by the servers that
# come from there.
#
# Suites move: a file of pins names the files the tests were last seen to pass with. What the suite has now is taken when a pinned
# file is gone, said loudly, and recorded in the cache as `taken`. Signatures and hashes are checked by apt in any case.

# Packages of the closures whose files a database server never opens.
NOT_UNPACKED='^(perl|perl-base|perl-modules-.*|libperl.*|lib.*-perl|debconf|cdebconf|dpkg|tar|debianutils|pam.*|libpam.*|systemd.*|init-system-helpers|sysvinit-utils|mysql-common|mariadb-common|bash|base-files|adduser|passwd)_'

# private_apt DIR SUITE: makes DIR an apt of its own, for `APT_CONFIG=DIR/apt.conf apt-get …`.
private_apt() {
  local work=$1 suite=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  need_tool apt-get apt
  need_tool dpkg-deb dpkg
  MIRROR=$(debian_mirror) || die "found no Debian archive in this machine's apt sources; set CONFTRAIL_DEBIAN_MIRROR to one"
  [ -r "$keyring" ] || apt_install debian-archive-keyring || die "missing $keyring: install the package debian-archive-keyring"
  mkdir -p "$work"/{etc/apt.conf.d,etc/preferences.d,state/lists/partial,cache/archives/partial}
  : >"$work/status"
  printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$MIRROR" "$suite" >"$work/etc/sources.list"
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

# download_debs DIR SUITE WHAT PACKAGE...: fetches PACKAGEs and all they need into DIR/cache/archives; WHAT is for people.
download_debs() {
  local work=$1 suite=$2 what=$3
  shift 3
  rm -rf "$work"
  private_apt "$work" "$suite"
  say "reading the index of Debian $suite"
  APT_CONFIG="$work/apt.conf" apt-get -q update -o APT::Update::Error-Mode=any </dev/null >"$work/update.log" 2>&1 \
    || fetch_failed "$work/update.log" "cannot read the index of Debian $suite"
  say "downloading $what"
  APT_CONFIG="$work/apt.conf" apt-get -y -q --download-only install "$@" </dev/null >"$work/download.log" 2>&1 \
    || fetch_failed "$work/download.log" "cannot download $1 from Debian $suite"
}

# download_alone DIR SUITE PACKAGE: fetches PACKAGE without what it needs, after download_debs.
download_alone() {
  local work=$1 suite=$2 package=$3
  (cd "$work/cache/archives" && APT_CONFIG="$work/apt.conf" apt-get -q download "$package") </dev/null >"$work/download.log" 2>&1 \
    || fetch_failed "$work/download.log" "cannot download $package from Debian $suite"
}

# list_taken DIR: writes DIR/taken, the files that were downloaded with their hashes.
list_taken() {
  (cd "$1/cache/archives" && sha256sum -- *.deb) >"$1/taken"
}

fetch_failed() {
  tail -n 15 "$1" >&2
  die "$2 (mirror: $MIRROR); is it reachable from here? CONFTRAIL_DEBIAN_MIRROR names another one"
}

# compare_with_pins TAKEN PINS SUITE PREFIX: says which files are others than those pinned; PREFIX begins the server's own.
compare_with_pins() {
  local pins=$2 suite=$3 prefix=$4 differing total
  differing=$(comm -23 <(sort "$1") <(grep -v '^#' "$pins" | sort) | awk '{print $2}')
  [ -n "$differing" ] || return 0
  total=$(wc -l <"$1")
  say "=== $suite has moved on: $(wc -l <<<"$differing") of $total files are not those of $(basename "$pins"). Taking what it offers now:"
  grep "^$prefix" <<<"$differing" | sed 's/^/      /' >&2 || say "      (the server itself is as pinned; libraries differ)"
  say "=== the list is $TREE/taken; once the tests pass with it, copy it to .ci/servers/$(basename "$pins")"
}

# unpack_debs DIR PROGRAM: unpacks what DIR holds to $TREE.new, with `loader` and `library-path` beside it; PROGRAM must be in it.
unpack_debs() {
  local work=$1 program=$2 deb loader
  rm -rf "$TREE.new"
  mkdir -p "$TREE.new/root"
  for deb in "$work"/cache/archives/*.deb; do
    if [[ $(basename "$deb") =~ $NOT_UNPACKED ]]; then continue; fi
    dpkg-deb -x "$deb" "$TREE.new/root" || die "cannot unpack $(basename "$deb")"
  done
  rm -rf "$TREE.new/root/usr/share/"{doc,man,locale,perl,lintian,i18n}
  loader=$(find "$TREE.new/root" -name 'ld-linux*.so.*' -type f | head -n 1)
  [ -n "$loader" ] || die "the unpacked tree holds no dynamic loader"
  ln -s "${loader#"$TREE.new/"}" "$TREE.new/loader"
  find "$TREE.new/root" -name '*.so*' -printf '%h\n' | grep -E "^$TREE.new/root(/usr)?/lib(64|/[^/]*-linux-gnu|/mysql/private)?\$" | sort -u \
    | sed "s|^$TREE.new|$TREE|" | paste -sd: >"$TREE.new/library-path"
  [ -x "$TREE.new/root/usr/$program" ] || die "the unpacked tree holds no $program"
  cp "$work/taken" "$TREE.new/taken"
}

# put_tree_in_place DIR: the last step of a fetch; DIR was for downloads.
put_tree_in_place() {
  rm -rf "$TREE"
  mv "$TREE.new" "$TREE"
  rm -rf "$1"
}
