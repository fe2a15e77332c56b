"""A type of event and a type of column that no server has yet: each is told, and what follows is read as if nothing had been.

Between conftrail and a server of MySQL or MariaDB stands a proxy that gives one event of the binlog, and one column of one table, a
type that does not exist. The oracles are the same server read without the proxy, and SELECT.
"""

from nodes import Node
from program import Conftrail
from rewriting import ROWS, TABLE_MAP, TYPE, Rewriting, table_of
from scene import play, until

MADE_UP = 99
# The rows of these transactions are changed on their way: their number among the rows events, and among the table maps of `prices`.
NTH_ROWS, NTH_MAP = 3, 2
SCHEMA = """
CREATE DATABASE shop; CREATE TABLE shop.items (id INT PRIMARY KEY, v MEDIUMINT, t VARCHAR(20));
CREATE TABLE shop.prices (id INT PRIMARY KEY, v MEDIUMINT);
"""
SCRIPT = """
INSERT INTO shop.items VALUES (1, -1, 'one');
BEGIN; INSERT INTO shop.items VALUES (2, -8388608, 'two'); INSERT INTO shop.items VALUES (3, -3, 'three');
INSERT INTO shop.items VALUES (4, -4, 'four'); COMMIT;
INSERT INTO shop.prices VALUES (1, -10);
BEGIN; INSERT INTO shop.prices VALUES (2, -20); INSERT INTO shop.items VALUES (5, -5, 'five'); COMMIT;
INSERT INTO shop.prices VALUES (3, -8388608); UPDATE shop.items SET v = v - 1 WHERE id = 1;
"""


class MakeUp:
    """Changes one rows event and one table map of each dump that begins before them."""

    def __init__(self):
        self.rows = self.maps = self.changed = 0

    def __call__(self, event):
        if event[TYPE] in ROWS:
            self.rows += 1
            return self.rows == NTH_ROWS and self.put(event, TYPE)
        if event[TYPE] == TABLE_MAP:
            _, table, place = table_of(event)
            self.maps += table == "prices"
            # The second column.
            return table == "prices" and self.maps == NTH_MAP and self.put(event, place + 1)
        return False

    def put(self, event, place):
        event[place] = MADE_UP
        self.changed += 1
        return True


def story(scene):
    for number, product in enumerate(("mysql", "mariadb"), 1):
        scene.say(f"--- {product}")
        server = Node(scene, product, number, "--binlog-checksum=CRC32")
        server.run(SCHEMA)
        made_up = MakeUp()
        proxy = Rewriting(server.port, made_up)
        plain = read(scene, f"plain-{product}", server, server.port)
        behind = read(scene, f"behind-{product}", server, proxy.port)
        server.run(SCRIPT)
        for one in (plain, behind):
            until("the last change to be on record", lambda one=one: one.count("group:items and action:update") == 1, 60)
        compare(scene, server, plain.events("group:items or group:prices or action:undecoded"),
                behind.events("group:items or group:prices or action:undecoded"))
        scene.equal("types that the proxy made up", made_up.changed, 2)
        restart(scene, server, behind)
        for one in (plain, behind):
            scene.equal("exit code after SIGTERM", one.stop(), 0)
        proxy.close()
        scene.end(server.child)


def read(scene, name, server, port):
    conftrail = Conftrail(scene, name)
    conftrail.configure(server.source("orders-db", port=port))
    conftrail.start()
    until("the tables to be on record", lambda: conftrail.count("action:schema") >= 2, 60)
    return conftrail


def compare(scene, server, plain, behind):
    """Each event of the undisturbed reading is there, or an `undecoded` one with the same id in its place."""
    plain = {event["id"]: event for event in plain}
    lost = {event["id"]: event for event in behind if event["action"] == "undecoded"}
    details = sorted(((event["detail"]["type"], event["detail"]["error"]) for event in lost.values()), key=lambda one: "column" in one[1])
    scene.claim(f"an event of type {MADE_UP} is told: {details[:1]}", details[:1] == [(MADE_UP, "this type of event is not known")], details)
    scene.claim(f"a column of type {MADE_UP} is told: {details[1:]}", len(details) == 2 and f"of type {MADE_UP}" in details[1][1], details)
    scene.equal("they stand where the changes would", sorted(plain), sorted(event["id"] for event in behind))
    read = {event["id"]: event for event in behind if event["action"] != "undecoded"}
    same = [(event["resource"]["id"], event["action"], event.get("after")) == (plain[id]["resource"]["id"], plain[id]["action"], plain[id].get("after"))
            for id, event in read.items()]
    scene.claim(f"all other changes are those of the undisturbed reading: {sum(same)} of {len(plain) - 2}", all(same) and len(same) == len(plain) - 2)
    current = {}
    for event in sorted(read.values(), key=lambda event: (event["log"]["epoch"], event["log"]["offset"])):
        current[event["resource"]["group"], event["resource"]["name"]] = event["after"]
    selected = {}
    for table in ("items", "prices"):
        for line in server.run(f"SELECT id, v FROM shop.{table}"):
            key, value = line.split("\t")
            selected[table, key] = int(value)
    missing = set(selected) - set(current)
    scene.equal("rows without an event of their own: those two", sorted(missing), [("items", "3"), ("prices", "2")])
    scene.all_of("the last image of every other row is what SELECT shows",
                 [(f"{key}", row["v"] == selected[key], row) for key, row in current.items()])


def restart(scene, server, behind):
    """What could not be decoded is not read again."""
    before = [event["id"] for event in behind.events("source.kind:mysql")]
    behind.stop()
    behind.start()
    server.run("INSERT INTO shop.items VALUES (6, -6, 'six');")
    until("the change after the restart", lambda: behind.count("group:items and name:6") == 1, 60)
    after = [event["id"] for event in behind.events("source.kind:mysql")]
    scene.equal("events more after a restart: the new row", len(after) - len(before), 1)
    scene.equal("events on record twice", len(after) - len(set(after)), 0)


if __name__ == "__main__":
    play("11-made-up", story)
