"""One installation with two collectors on one source: both read the same server into one trail, as on purpose."""

import collections
import random
import re
import threading

from load import current_of
from program import Conftrail
from proxy import Proxy
from scene import until

SOURCE = "orders-db"
# Who reads, so that its dumps are told from those of others.
LOGIN = "twice"
# How often one of the collectors' connections is cut, in seconds.
CUT_EVERY = 0.8
# The rule that must find each removed row once, whoever read of it.
REMOVED = "group:items and action:delete"
RULES = f"""\
version: 1
name: demo
rules:
  - id: item-removed
    match: '{REMOVED}'
    severity: info
    group_by: [resource.group]
"""


class Twice:
    """Begins where the server is, in the midst of the load; its collectors lose their connections, now one's, now the other's."""

    def __init__(self, story):
        self.story, self.server, self.random = story, story.server, random.Random(23)
        self.server.run(f"CREATE USER {LOGIN}; GRANT ALL ON *.* TO {LOGIN}")
        self.proxy = Proxy(self.server.port)
        self.conftrail = Conftrail(story.scene, f"{story.product}-twice")
        source = self.server.source(SOURCE, "", self.proxy.port).replace("start: earliest", "start: latest")
        self.conftrail.configure(source.replace("//root@", f"//{LOGIN}@"), RULES)
        self.calm, self.cutter = threading.Event(), threading.Thread(target=self._cut, daemon=True)

    def start(self):
        self.conftrail.start(collectors=2)

    def go(self):
        self.start()
        until("both collectors to read", lambda: self.dumps() == 2)
        self.cutter.start()

    def _cut(self):
        while not self.calm.wait(CUT_EVERY):
            self.proxy.cut_one(self.random)

    def dumps(self):
        """How many dump connections its collectors have."""
        return int(self.server.value("SELECT COUNT(*) FROM information_schema.processlist "
                                     f"WHERE command LIKE 'Binlog Dump%' AND user = '{LOGIN}'"))

    def restart(self):
        """Ends both at once, as a power failure does."""
        self.conftrail.kill()
        self.start()

    def metric(self, name, label):
        found = re.search(rf"^conftrail_{name}{{{re.escape(label)}}} (\d+)", self.conftrail.get("/metrics"), re.M)
        return int(found[1]) if found else 0

    def compare(self, rows, selected, ids):
        """Compares what is on record with the vendor's reading, SELECT, and the ids of a lone collector."""
        claim, equal = self.story.claim, self.story.equal
        self.calm.set()
        self.cutter.join()
        last = (rows[-1].gtid, rows[-1].ordinal)

        def recorded():
            return [(event["tx"]["id"], event["tx"]["seq"]) for event in self.conftrail.events("kind:row")]

        until("two collectors to have recorded all", lambda: last in recorded(), 60, 0.5)
        # Both have read to the end: what the slower one still had to say is said.
        until("both collectors to have read all", lambda: self.dumps() == 2 and self.conftrail.count("kind:row") > 0, 60)
        events = self.conftrail.events("kind:row")
        found = collections.Counter((event["tx"]["id"], event["tx"]["seq"]) for event in events)
        begun = next((number for number, row in enumerate(rows) if (row.gtid, row.ordinal) in found), len(rows))
        expected = collections.Counter((row.gtid, row.ordinal) for row in rows[begun:])
        claim(f"two collectors, one trail: the {len(rows) - begun} changes since it began, in the midst of the load, each once",
              found == expected and begun > 0, f"{sum((expected - found).values())} missing, {sum((found - expected).values())} too many")
        claim(f"two collectors, one trail: `current` equals SELECT *: {len(selected)} rows", current_of(self.conftrail, SOURCE) == selected)
        own = collections.Counter(event["id"] for event in events)
        claim("two collectors, one trail: every id once, and as the lone collector gave it",
              max(own.values()) == 1 and own.keys() <= ids.keys())
        read, stored = self.metric("source_events_total", f'source="{SOURCE}"'), self.metric("audit_events_total", 'outcome="stored"')
        failures = [self.metric("worker_failures_total", f'worker="collect {name}"') for name in (SOURCE, f"{SOURCE} (2)")]
        claim(f"… though since the last start {read} changes were read, {stored} recorded, and connections lost {failures[0]} and {failures[1]} times",
              read > stored and min(failures) > 0)
        equal("… conflicts, gaps, changed sources, undecoded changes",
              self.conftrail.count("action:(gap or source_changed or undecoded) or after.state:conflict"), 0)
        self.alerted()

    def alerted(self):
        removed = self.conftrail.count(REMOVED)
        until("the rule to have judged all", lambda: self.conftrail.ledger()["detections"] >= removed, 30)
        ledger = self.conftrail.ledger()
        self.story.claim(f"… and the rule found each of the {removed} removed rows once", removed > 0 and
                         (ledger["detections"], ledger["unaccounted"]) == (removed, 0), ledger)

    def stop(self):
        code = self.conftrail.stop()
        self.proxy.close()
        return code
