"""A failover under load loses nothing and doubles nothing; what cannot be had any more is told exactly.

On MySQL and on MariaDB: a server dies while it is written to, its replica is promoted, and conftrail goes on with that one.
Then a server dies with transactions that no other has, one purges what was not read, and one is restored from a backup and
overtakes what was read. The oracles are mysqlbinlog, SELECT and the servers' own arithmetic of GTIDs.
"""

import collections
import random
import time

from binlog import event_id, read_rows, transactions
from load import SCHEMA, Load, current_of, table_of
from nodes import Node
from program import Conftrail, mail_routing
from scene import Unmet, play, until
from servers import Smtp

SOURCE = "orders-db"
RATE = 150
# How long one load is written, in seconds.
WRITING = {False: 1.5, True: 8}
ROUNDS = {False: 1, True: 3}


def story(scene):
    for product in ("mysql", "mariadb"):
        scene.say(f"--- {product}")
        Story(scene, product).run()


class Story:
    """One installation over servers of one product."""

    def __init__(self, scene, product):
        self.scene, self.product = scene, product
        self.sink = Smtp(scene, name=f"{product}-mails.jsonl")
        self.conftrail = Conftrail(scene, f"conftrail-{product}")
        self.nodes = 0
        self.next_id = 0
        self.primary = self.node()
        self.primary.run(SCHEMA)
        self.lost = []

    def node(self):
        self.nodes += 1
        return Node(self.scene, self.product, self.nodes)

    def replica(self):
        """A new server that has executed all that the primary has."""
        node = self.node()
        node.replicate(self.primary)
        node.catch_up(self.primary)
        return node

    def read(self, node):
        """Points conftrail at a server."""
        self.conftrail.configure(node.source(SOURCE), routing=mail_routing(self.sink.port))

    def load(self, node):
        self.next_id += 1_000_000
        return Load(node, RATE, self.next_id)

    def run(self):
        self.read(self.primary)
        self.conftrail.start()
        for _ in range(ROUNDS[self.scene.long]):
            self.failover()
        self.dies_alone()
        self.purge()
        self.restored()
        self.scene.equal("exit code after SIGTERM", self.conftrail.stop(), 0)
        self.scene.end(self.primary.child)
        self.sink.stop()

    def failover(self):
        """The primary is killed at any moment under load; its replica goes on, and so does conftrail."""
        replica = self.replica()
        load = self.load(self.primary)
        time.sleep(WRITING[self.scene.long] + random.random())
        self.primary.kill()
        load.stop()
        replica.promote()
        load = self.load(replica)
        until("conftrail to notice", lambda: "worker failed" in self.conftrail.log.read_text(errors="replace"))
        self.conftrail.stop()
        self.read(replica)
        self.conftrail.start()
        time.sleep(WRITING[self.scene.long])
        load.stop()
        self.primary = replica
        self.compare("failover under load")

    def dies_alone(self):
        """A server dies with transactions that its replica never got."""
        replica = self.replica()
        replica.stop_receiving()
        self.primary.run("".join(f"INSERT INTO shop.items VALUES ({number},0,'alone');" for number in range(1, 6)))
        until("the transactions to be on record", lambda: self.conftrail.count("after.note:alone") == 5, 60)
        executed = self.primary.executed()
        self.primary.kill()
        expected = self.lacking(executed, replica)
        # Its source is gone, but it could still come back: nobody has promoted it.
        replica.run("START REPLICA" if replica.is_mysql else "START SLAVE")
        self.conftrail.stop()
        self.read(replica)
        self.conftrail.start(wait=False)
        until("conftrail to say why it waits", lambda: "has not executed" in self.conftrail.log.read_text(errors="replace"))
        self.scene.claim("while it is a replica the log names what it lacks, and reading waits",
                         f"({expected})" in self.conftrail.log.read_text(), self.conftrail.last_words())
        replica.promote()
        replica.run("INSERT INTO shop.items VALUES (11,0,'after');")
        until("the first change of the new server", lambda: self.conftrail.count("after.note:after") == 1, 60)
        lost = [event["detail"]["lost"] for event in self.conftrail.events("action:source_changed") if "lost" in event["detail"]]
        self.scene.claim(f"… promoted, the transactions that died with the old server are told, by its own arithmetic: {expected}", expected in lost, lost)
        self.lost.append(5)
        self.primary = replica
        self.alert("source-changed")
        self.compare("a server that died alone")

    def lacking(self, executed, node):
        """What `node` lacks of what another executed."""
        if node.is_mysql:
            return "".join(node.run(f"SELECT REPLACE(GTID_SUBTRACT('{executed}', @@gtid_executed), '\\n', '')"))
        # The same origin wrote both ends, one after the other.
        domain, _, last = executed.split("-")
        return f"{domain}:{int(node.executed().split('-')[2]) + 1}-{last}"

    def purge(self):
        """The server throws away what was not read."""
        self.conftrail.stop()
        before = self.primary.executed()
        self.primary.run("INSERT INTO shop.items VALUES (21,0,'purged'); DELETE FROM shop.items WHERE id=21;")
        after = self.primary.executed()
        self.primary.purge()
        self.primary.run("INSERT INTO shop.items VALUES (22,0,'kept');")
        if self.primary.is_mysql:
            expected = self.primary.value(f"SELECT GTID_SUBTRACT(@@gtid_purged, '{before}')")
        else:
            expected = f"0:{int(before.split('-')[2]) + 1}-{after.split('-')[2]}"
        self.conftrail.start()
        until("the change after the purge", lambda: self.conftrail.count("after.note:kept") == 1, 60)
        gaps = [event["detail"].get("missing") for event in self.conftrail.events("action:gap")]
        self.scene.equal("purged while conftrail was stopped: the gap names exactly the missing set", gaps, [expected])
        self.alert("gap")

    def restored(self):
        """The server comes back from a backup, and has given more numbers again than were read."""
        self.conftrail.stop()
        executed = self.primary.executed()
        if self.primary.is_mysql:
            backup = self.primary.value(f"SELECT REPLACE(GTID_SUBTRACT('{executed}', CONCAT(@@server_uuid, ':2-1000000')), '\\n', '')")
        else:
            domain, server, last = executed.split("-")
            backup = f"{domain}-{server}-{int(last) - 2}"
        # A restored server takes longer than a second, and MariaDB's times are whole seconds.
        time.sleep(1.1)
        self.primary.forget(backup)
        self.primary.run("".join(f"INSERT INTO shop.items VALUES ({number},0,'again');" for number in range(31, 41)))
        scene = self.scene
        if self.primary.is_mysql:
            scene.claim("restored, the server has executed all that was read, and more",
                        self.primary.value(f"SELECT GTID_SUBSET('{executed}', @@gtid_executed)") == "1", executed)
        self.conftrail.start()
        until("the changes after the backup", lambda: self.conftrail.count("after.note:again") == 10, 60)
        gaps = self.conftrail.events("action:gap")
        causes = [event["detail"].get("cause", "") for event in gaps]
        scene.claim("… which conftrail notices all the same: a gap, and all 10 changes that came after the backup",
                    len(gaps) == 2 and sum("restored" in cause for cause in causes) == 1, gaps)
        ids = collections.Counter(event["id"] for event in self.conftrail.events())
        scene.claim(f"{len(ids)} ids, each once", ids and max(ids.values()) == 1)
        scene.claim("no event was read again with other content", 'outcome="conflict"' not in self.conftrail.get("/metrics"))

    def alert(self, rule):
        until(f"the alert {rule}", lambda: any(rule in mail["text"] or rule in mail["head"]["subject"] for mail in self.sink.mails()), 30)
        self.scene.claim(f"… and the built-in rule {rule} tells people", True)

    def compare(self, what):
        """The trail against mysqlbinlog's reading of the server that lives, and SELECT."""
        rows = [row for row in read_rows(self.primary.mysqlbinlog()) if row.schema == "shop"]
        expected = collections.Counter((row.gtid, row.ordinal) for row in rows)
        try:
            until("all changes to be on record", lambda: self.conftrail.count("kind:row") >= len(rows), 60, 0.3)
        except Unmet as unmet:
            self.scene.say(f"gave up waiting: {unmet}; {self.conftrail.last_words(2)}")
        events = self.conftrail.events("kind:row")
        found = collections.Counter((event["tx"]["id"], event["tx"]["seq"]) for event in events)
        told = sum(1 for event in self.conftrail.events("action:source_changed") if event["detail"].get("lost"))
        only_dead = {tx for tx, _ in found - expected}
        if what == "failover under load" and only_dead:
            self.lost.append(len(only_dead))
            self.scene.say(f"{len(only_dead)} transactions died with the server, after conftrail had read them")
        missing = expected - found
        self.scene.claim(f"{what}: the {len(rows)} changes of the {transactions(rows)} transactions that the server has are on record, each once",
                         not missing and rows and max(found.values()) == 1, f"{sum(missing.values())} missing, {(found - expected).most_common(3)}")
        self.scene.claim(f"{what}: the record beyond that is {sum(self.lost)} transactions, all told as lost",
                         len(only_dead) == sum(self.lost) and told == len(self.lost), (len(only_dead), told, self.lost))
        ids = collections.Counter(event["id"] for event in events)
        self.scene.claim(f"{what}: {len(ids)} ids, each once", ids and max(ids.values()) == 1)
        if not self.lost:
            # Rows of lost transactions stay the last that is known of them.
            now, selected = current_of(self.conftrail, SOURCE), table_of(self.primary)
            self.scene.claim(f"{what}: `current` equals SELECT *: {len(selected)} rows", now == selected and selected)
        if self.primary.is_mysql:
            computed = {event_id(SOURCE, row) for row in rows}
            self.scene.claim(f"{what}: the ids are those computed from mysqlbinlog's reading", computed <= set(ids))


if __name__ == "__main__":
    play("09-failover", story)
