# Fills the cache of servers outside the clone; the tests start them.
. .ci/stages/lib.sh
. .ci/servers/lib.sh
run .ci/servers/mysql fetch
run .ci/servers/mariadb fetch
run .ci/servers/smtp fetch
run .ci/servers/amtool fetch
note "cached in $CACHE_ROOT: $(.ci/servers/mysql client --version | sed 's/.*Ver /MySQL /'), $(.ci/servers/mariadb client --version | sed 's/.*Distrib /MariaDB /; s/,.*//') and 11.4"
