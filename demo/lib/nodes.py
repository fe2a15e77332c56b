"""Servers that replicate from each other, die and are promoted: MySQL 9.7 or MariaDB 11.4, by GTID."""

import os
import signal
import subprocess

from scene import Unmet, until
from servers import SERVERS, MySql, ready_line

# How long a new replica may take to execute the whole history of its source, in seconds.
PATIENCE = 300


class Node(MySql):
    """A server that keeps its port over a restart. `product` is `mysql` or `mariadb`."""

    def __init__(self, scene, product, number, *options):
        self.scene, self.script, self.number = scene, product, number
        self.name = f"{product}-{number}"
        shared = ["--binlog-row-metadata=FULL", f"--server-id={number}", f"--report-host=node-{number}"]
        if product == "mariadb":
            shared += ["--binlog-format=ROW", "--log-slave-updates=ON", "--gtid-strict-mode=ON", "--secure-timestamp=REPLICATION"]
        self.options = [*shared, *options]
        self.port = 0
        self.start()

    @property
    def is_mysql(self):
        return self.script == "mysql"

    def start(self, *more):
        """Starts it, again on the same data and port."""
        release = [] if self.is_mysql else ["--release", "11.4"]
        command = [SERVERS / self.script, "start", *release, "--dir", self.scene.path(self.name), "--port", str(self.port), "--",
                   *self.options, *more]
        self.child = self.scene.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = ready_line(self.child, self.name)
        self.port, self.pid, self.version = told["port"], told["pid"], told["version"]

    def mysqlbinlog(self, *files):
        """The vendor's reading of the binlogs; of MariaDB from the files, for the program does not ask servers newer than itself."""
        if self.is_mysql:
            return super().mysqlbinlog(*files)
        data = self.scene.path(self.name) / "data"
        command = [SERVERS / "mariadb", "mysqlbinlog", "--base64-output=DECODE-ROWS", "-vv", *(data / name for name in files or self.binlogs())]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, errors="surrogateescape")
        if done.returncode != 0:
            raise Unmet(f"mariadb-binlog failed: {done.stderr.strip()}")
        return done.stdout

    def signal(self, number):
        """Sends the server itself a signal."""
        os.kill(self.pid, number)

    def kill(self):
        """Ends it as a power failure would; its data stay."""
        self.signal(signal.SIGKILL)
        self.child.wait(20)
        self.scene.end(self.child)

    def source(self, name, more="", port=None):
        """This server as a source of conftrail's configuration; through a proxy at `port` without TLS."""
        tls = "" if self.is_mysql and port is None else ", tls: { mode: disabled }"
        return (f'- {{ name: {name}, kind: mysql, url: "mysql://root@127.0.0.1:{port or self.port}", include: ["shop.*"], '
                f"start: earliest{tls}{more} }}")

    def replicate(self, source):
        """Begins to replicate from another node."""
        if self.is_mysql:
            self.run(f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={source.port}, SOURCE_USER='root', "
                     "SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1; START REPLICA")
        else:
            self.run(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='root', "
                     "MASTER_USE_GTID=slave_pos, MASTER_SSL=0, MASTER_CONNECT_RETRY=1; START SLAVE")

    def stop_receiving(self):
        """Lets the stream from its source end, while what came is still applied."""
        self.run("STOP REPLICA IO_THREAD" if self.is_mysql else "STOP SLAVE IO_THREAD")

    def catch_up(self, source):
        """Waits until it has executed what its source has now."""
        gtids = source.executed()
        if self.is_mysql:
            until(f"{self.name} to catch up", lambda: self.value(f"SELECT GTID_SUBSET('{gtids}', @@gtid_executed)") == "1", PATIENCE, 0.3)
        elif self.value(f"SELECT MASTER_GTID_WAIT('{gtids}', {PATIENCE})") != "0":
            raise Unmet(f"{self.name} did not catch up with {gtids}")

    def promote(self):
        """Applies what it received, and replicates no more."""
        if self.is_mysql:
            self.run("STOP REPLICA IO_THREAD")
            received = self.run("SELECT received_transaction_set FROM performance_schema.replication_connection_status")
            text = "".join(received).replace("\\n", "")
            until("the received transactions to be applied", lambda: self.value(f"SELECT GTID_SUBSET('{text}', @@gtid_executed)") == "1", 60)
            self.run("STOP REPLICA; RESET REPLICA ALL")
        else:
            self.run("STOP SLAVE IO_THREAD")
            command = [*self.client("root", "", "--column-names"), "--execute=SHOW SLAVE STATUS"]
            done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=True)
            names, values = (line.split("\t") for line in done.stdout.splitlines()[:2])
            received = dict(zip(names, values))["Gtid_IO_Pos"]
            if received and self.value(f"SELECT MASTER_GTID_WAIT('{received}', 60)") != "0":
                raise Unmet(f"{self.name} did not apply {received}")
            self.run("STOP SLAVE; RESET SLAVE ALL")

    def executed(self):
        """What it has executed: a set, or MariaDB's last transaction of each domain."""
        name = "@@global.gtid_executed" if self.is_mysql else "@@gtid_binlog_pos"
        return "".join(self.run(f"SELECT REPLACE({name}, '\\n', '')"))

    def purge(self):
        """Begins a new binlog and throws all others away."""
        self.run("FLUSH BINARY LOGS")
        last = self.binlogs()[-1]
        # A file stays for as long as somebody reads from it.
        until("the purge", lambda: self.run(f"PURGE BINARY LOGS TO '{last}'") == [] and len(self.binlogs()) == 1)

    def forget(self, executed):
        """Throws all binlogs away and counts on from `executed`, as after a restored backup."""
        if self.is_mysql:
            self.run(f"RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged='{executed}'")
        else:
            self.run(f"RESET MASTER; SET GLOBAL gtid_binlog_state='{executed}'")
