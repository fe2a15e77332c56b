# Fills the cache of servers outside the clone; the tests start them.
. .ci/stages/lib.sh
run .ci/servers/mysql fetch
run .ci/servers/smtp fetch
note "cached in ${XDG_CACHE_HOME:-$HOME/.cache}/conftrail-servers: $(.ci/servers/mysql client --version | sed 's/.*Ver /MySQL /')"
