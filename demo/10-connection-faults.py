"""Whatever happens to the connection, each change is on record once.

On MySQL and on MariaDB, under load: the server is killed and started again, is frozen, its connections are cut every second,
two collectors claim the same number, and conftrail does not read for longer than the server's net_write_timeout. A second
installation reads the same source all the while. Afterwards both trails are compared with mysqlbinlog and SELECT.
"""

import collections
import concurrent.futures
import os
import re
import signal
import time

from binlog import read_rows
from load import SCHEMA, Load, current_of, table_of
from nodes import Node
from program import Conftrail
from proxy import Proxy
from scene import Unmet, play, until

SOURCE = "orders-db"
RATE = 120
# The number that both collectors claim among the server's replicas.
NUMBER = 4242
KILLS = {False: 1, True: 10}
CUTTING = {False: 7, True: 60}
# How often they disconnect each other at least.
FIGHTS = {False: 2, True: 12}
# What conftrail asks of its session, and what the proxy makes of it: seconds.
PATIENT, IMPATIENT = b"net_write_timeout = 600", b"net_write_timeout =   2"
# More than all sockets on the way hold, in megabytes of rows that are not captured.
BULK = 48


def story(scene):
    # Side by side: most of the time is waiting.
    with concurrent.futures.ThreadPoolExecutor() as side_by_side:
        for told in [side_by_side.submit(Story(scene, product).run) for product in ("mysql", "mariadb")]:
            told.result()


class Story:
    """One server, two installations that read it, and a proxy before the first."""

    def __init__(self, scene, product):
        self.scene, self.product = scene, product
        self.server = Node(scene, product, 1)
        self.server.run(SCHEMA + "CREATE DATABASE other; CREATE TABLE other.bulk (id INT PRIMARY KEY AUTO_INCREMENT, t LONGTEXT);")
        self.proxy = Proxy(self.server.port)
        self.proxy.replace(PATIENT, IMPATIENT)
        self.first, self.second = (Conftrail(scene, f"{product}-{name}") for name in ("first", "second"))
        self.load, self.next_id, self.marks = None, 0, 0

    def run(self):
        number = f", server_id: {NUMBER}"
        self.first.configure(self.server.source(SOURCE, number, self.proxy.port))
        self.second.configure(self.server.source(SOURCE))
        for conftrail in (self.first, self.second):
            conftrail.start()
        self.write()
        self.killed()
        self.frozen()
        self.cut()
        self.stalled()
        self.same_number(number)
        self.load.stop()
        self.compare()
        for conftrail in (self.first, self.second):
            self.equal("exit code after SIGTERM", conftrail.stop(), 0)
        self.proxy.close()
        self.scene.end(self.server.child)

    def claim(self, sentence, *holds):
        self.scene.claim(f"{self.product}: {sentence}", *holds)

    def equal(self, sentence, found, expected):
        self.scene.equal(f"{self.product}: {sentence}", found, expected)

    def write(self):
        """Goes on writing, with new sessions."""
        if self.load:
            self.load.stop()
        self.next_id += 1_000_000
        self.load = Load(self.server, RATE, self.next_id)

    def reconnects(self, conftrail=None):
        """How often the collector had to begin again, by its metrics."""
        text = (conftrail or self.first).get("/metrics")
        found = re.search(rf'^conftrail_worker_failures_total{{worker="collect {SOURCE}"}} (\d+)', text, re.M)
        return int(found[1]) if found else 0

    def read_again(self, what, before, since=None):
        """Claims that the collector began again, and reads what is written now."""
        self.reads_now(what)
        now = self.reconnects()
        self.claim(f"{what}: seen in the metrics as {now - before} new connections, and reading goes on", now - before >= (since or 1))

    def reads_now(self, what):
        """Waits until a change that is made now is on record."""
        self.marks += 1
        self.server.run(f"INSERT INTO shop.items VALUES ({self.marks}, 0, 'mark {self.marks}')")
        until(f"{what}: a change of now to be read", lambda: self.first.count(f"group:items and name:{self.marks}") > 0, 60, 0.2)

    def killed(self):
        before = self.reconnects()
        for _ in range(KILLS[self.scene.long]):
            time.sleep(0.7)
            self.server.kill()
            self.server.start()
            self.write()
            self.reads_now("the server's restart")
        self.read_again(f"kill -9 of the server, {KILLS[self.scene.long]} times", before, KILLS[self.scene.long])

    def frozen(self):
        before = self.reconnects()
        self.server.signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            until("conftrail to notice the silence", lambda: self.reconnects() > before, 20)
        finally:
            self.server.signal(signal.SIGCONT)
        self.read_again(f"a frozen server is noticed by its silence, after {time.monotonic() - began:.1f} s", before)

    def cut(self):
        before, cuts = self.reconnects(), 0
        for _ in range(CUTTING[self.scene.long]):
            time.sleep(1)
            cuts += self.proxy.cut_all()
        self.read_again(f"{cuts} connections cut, all that were open once a second", before, 2)

    def stalled(self):
        """conftrail does not read: the server gives up writing to it."""
        before = self.reconnects()
        os.kill(self.first.child.pid, signal.SIGSTOP)
        try:
            self.server.run("".join("INSERT INTO other.bulk (t) VALUES (REPEAT('x', 1000000));" for _ in range(BULK)))
            until("the server to end the dump", lambda: self.dumps() == 1, 30, 0.2)
        finally:
            os.kill(self.first.child.pid, signal.SIGCONT)
        self.read_again("a reader that stops for longer than net_write_timeout loses its connection", before)

    def dumps(self):
        """How many dump connections the server has: the second installation's is never in the way."""
        return int(self.server.value("SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"))

    def same_number(self, number):
        """The second collector takes the first one's number, and each disconnects the other."""
        self.second.stop()
        self.second.configure(self.server.source(SOURCE, number))
        before = self.reconnects()
        self.second.start()

        def fights():
            return self.reconnects() - before, self.reconnects(self.second)

        until("the two to disconnect each other", lambda: sum(fights()) >= FIGHTS[self.scene.long], 120)
        each = fights()
        words = self.first.log.read_text() + self.second.log.read_text()
        self.claim(f"two collectors with one server_id disconnect each other, {each[0]} and {each[1]} times, and the log names the key that mends it",
                         "leave server_id out" in words, self.first.last_words(2))
        self.second.stop()
        self.second.configure(self.server.source(SOURCE))
        self.second.start()
        self.read_again("… and with numbers of their own both read in peace", before)

    def compare(self):
        rows = [row for row in read_rows(self.server.mysqlbinlog()) if row.schema == "shop"]
        expected = collections.Counter((row.gtid, row.ordinal) for row in rows)
        selected = table_of(self.server)
        ids = []
        for name, conftrail in (("first", self.first), ("second", self.second)):
            try:
                until("all changes to be on record", lambda: conftrail.count("kind:row") >= len(rows), 60, 0.3)
            except Unmet as unmet:
                self.scene.say(f"gave up waiting: {unmet}; {conftrail.last_words(2)}")
            events = conftrail.events("kind:row")
            found = collections.Counter((event["tx"]["id"], event["tx"]["seq"]) for event in events)
            self.claim(f"the {name} collector's trail: the {len(rows)} changes by mysqlbinlog, each once", found == expected and rows,
                             f"{sum((expected - found).values())} missing, {sum((found - expected).values())} too many")
            self.claim(f"the {name} collector's `current` equals SELECT *: {len(selected)} rows", current_of(conftrail, SOURCE) == selected)
            self.equal(f"the {name} collector's gaps, changed sources, undecoded changes",
                             conftrail.count("action:gap or action:source_changed or action:undecoded"), 0)
            ids.append(collections.Counter(event["id"] for event in events))
        self.claim(f"both gave the same {len(ids[0])} ids, each once", ids[0] == ids[1] and max(ids[0].values()) == 1)


if __name__ == "__main__":
    play("10-connection-faults", story)
