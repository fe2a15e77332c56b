"""Two collectors of one source on one trail record each change once, in order, and one keeps the position.

On MySQL, and in the long form on MariaDB too: under load an installation reads the server with two collectors at once, which lose
their connections, now one's, now the other's, and their process once. Afterwards its trail is compared with mysqlbinlog, with
SELECT and with the trail of an installation that has one collector.
"""

import collections
import concurrent.futures
import time

from binlog import read_rows
from load import SCHEMA, Load, table_of
from nodes import Node
from program import Conftrail
from scene import play, until
from twice import Twice

SOURCE = "orders-db"
RATE = 150
# How long the connections are cut before and after the process is killed, in seconds.
CUTTING = {False: 4, True: 40}
PRODUCTS = {False: ["mysql"], True: ["mysql", "mariadb"]}


def story(scene):
    # Side by side: most of the time is waiting.
    with concurrent.futures.ThreadPoolExecutor() as side_by_side:
        for told in [side_by_side.submit(Story(scene, product).run) for product in PRODUCTS[scene.long]]:
            told.result()


class Story:
    """One server, an installation that reads it once, and one that reads it twice."""

    def __init__(self, scene, product):
        self.scene, self.product = scene, product
        self.server = Node(scene, product, 1)
        self.server.run(SCHEMA)
        self.lone = Conftrail(scene, f"{product}-lone")
        self.twice = Twice(self)

    def run(self):
        self.lone.configure(self.server.source(SOURCE))
        self.lone.start()
        load = Load(self.server, RATE, 1_000_000)
        until("the load to be read", lambda: self.lone.count("kind:row") > 0, 60, 0.2)
        self.twice.go()
        time.sleep(CUTTING[self.scene.long])
        self.twice.restart()
        time.sleep(CUTTING[self.scene.long])
        load.stop()
        # Every row changes once more, for the second installation did not see them all come.
        self.server.run("UPDATE shop.items SET v = v + 1")
        rows = [row for row in read_rows(self.server.mysqlbinlog()) if row.schema == "shop"]
        until("the lone collector to have read all", lambda: self.lone.count("kind:row") >= len(rows), 60, 0.3)
        lone = collections.Counter(event["id"] for event in self.lone.events("kind:row"))
        self.equal("a lone collector's changes", sum(lone.values()), len(rows))
        self.twice.compare(rows, table_of(self.server), lone)
        for conftrail in (self.lone, self.twice):
            self.equal("exit code after SIGTERM", conftrail.stop(), 0)
        self.scene.end(self.server.child)

    def claim(self, sentence, *holds):
        self.scene.claim(f"{self.product}: {sentence}", *holds)

    def equal(self, sentence, found, expected):
        self.scene.equal(f"{self.product}: {sentence}", found, expected)


if __name__ == "__main__":
    play("17-two-collectors", story)
