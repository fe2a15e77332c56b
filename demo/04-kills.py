"""kill -9 anywhere loses nothing and doubles nothing.

A writer makes at least 200 transactions a second on MySQL while conftrail is killed: by fail points in the gaps between
an effect and its position, and at random. Afterwards the trail, the current values, the mails and the ledger are
compared with what mysqlbinlog and SELECT say.
"""

import collections
import random
import signal
import time

from binlog import event_id, read_rows, transactions
from program import Conftrail, mail_routing
from scene import Unmet, play, until
from servers import MySql, Smtp
from writer import SCHEMA, Writer, tables

SOURCE = "orders-db"
RATE = 230
AT_LEAST = 200
ALL_POINTS = [
    "collect.before_append", "collect.after_append", "collect.after_checkpoint",
    "audit.before_write", "audit.after_write", "audit.after_commit",
    "detect.before_record", "detect.after_record", "detect.after_commit",
    "alert.before_apply", "alert.after_apply", "alert.after_wake",
    "notify.after_intent", "notify.after_delivery", "notify.after_settle",
]
# The pass at which a fail point ends the process.
PASSES = {False: (3,), True: (1, 4, 9)}
RANDOM_KILLS = {False: 3, True: 30}
RULES = """\
version: 1
name: demo
rules:
  - id: flag-changed
    match: 'group:flags and action:update'
    severity: warning
    group_by: [resource.name]
  - id: cart-removed
    match: 'group:carts and action:delete'
    severity: info
    group_by: [resource.group]
"""


def detects(row):
    """What RULES says, in terms of mysqlbinlog."""
    return (row.table, row.action) in {("flags", "update"), ("carts", "delete")}


def story(scene):
    server = MySql(scene, "--binlog-row-metadata=MINIMAL", "--binlog-rows-query-log-events=ON")
    server.run(SCHEMA)
    sink = Smtp(scene)
    conftrail = Conftrail(scene)
    conftrail.configure(
        f'- {{ name: {SOURCE}, kind: mysql, url: "mysql://root@127.0.0.1:{server.port}", include: ["shop.*"], start: earliest }}',
        RULES, mail_routing(sink.port), "telemetry: { log: { level: warn } }")
    writer = Writer(server, RATE)
    kills = kill_by_fail_points(scene, conftrail) + kill_at_random(scene, conftrail)
    seconds = writer.stop()
    scene.say(f"the writer stopped after {seconds:.0f} s, conftrail was killed {kills} times")

    rows = [row for row in read_rows(server.mysqlbinlog()) if row.schema == "shop"]
    rate = transactions(rows) / seconds
    scene.claim(f"the writer made at least {AT_LEAST} transactions a second: {rate:.0f}", rate >= AT_LEAST)
    expected = collections.Counter(event_id(SOURCE, row) for row in rows)
    matching = sum(1 for row in rows if detects(row))
    conftrail.start()
    drain(scene, conftrail, len(expected), matching)
    compare_trail(scene, conftrail, server, rows, expected)
    compare_messages(scene, conftrail, sink, matching)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def kill_by_fail_points(scene, conftrail):
    points = [(name, passes) for passes in PASSES[scene.long] for name in ALL_POINTS]
    reached = []
    for name, passes in points:
        child = conftrail.start(f"{name}:{passes}", wait=False)
        try:
            until(f"the fail point {name} (is this program built with --features conftrail/failpoints?)", lambda: child.poll() is not None, patience=20, pause=0.02)
            reached.append((f"{name}:{passes}", child.returncode == -signal.SIGABRT, f"exit code {child.returncode}: {conftrail.last_words(2)}"))
        except Unmet as unmet:
            reached.append((f"{name}:{passes}", False, unmet))
        conftrail.kill()
    scene.all_of("kills by fail points, each in the gap it names", reached)
    return len(points)


def kill_at_random(scene, conftrail):
    draw = random.Random()
    ended = []
    for number in range(RANDOM_KILLS[scene.long]):
        conftrail.start(wait=False)
        wait = draw.uniform(0.3, 2.5)
        time.sleep(wait)
        ended.append((f"kill {number + 1} after {wait:.1f} s", conftrail.kill() == -signal.SIGKILL, conftrail.last_words(2)))
    scene.all_of("kills at random while it ran", ended)
    return len(ended)


def drain(scene, conftrail, events, detections):
    """Waits until everything is read, recorded and told; what is missing then is missing."""
    began = time.monotonic()
    try:
        until("all changes to be on record", lambda: conftrail.count("source.kind:mysql and kind:row") >= events, 300 if scene.long else 40, 0.3)
        until("all alerts to be told", lambda: conftrail.settled(detections), 60, 0.3)
    except Unmet as unmet:
        scene.say(f"gave up waiting: {unmet}; {conftrail.last_words(2)}")
    scene.say(f"settled {time.monotonic() - began:.1f} s after the last start")


def compare_trail(scene, conftrail, server, rows, expected):
    found = conftrail.events("*")
    of_source = [event for event in found if event["source"]["name"] == SOURCE and event["resource"]["kind"] == "row"]
    ids = collections.Counter(event["id"] for event in of_source)
    missing, surplus = expected - ids, ids - expected
    scene.claim(f"the ids in the trail are those of mysqlbinlog's reading, each once: {len(ids)} of {len(expected)}",
                not missing and not surplus and rows, f"{sum(missing.values())} missing, {sum(surplus.values())} too many")
    by_id = {event_id(SOURCE, row): row for row in rows}
    wrong = [event["id"] for event in of_source
             if event["id"] in by_id and event["action"] not in (by_id[event["id"]].action, renamed(by_id[event["id"]]))]
    scene.equal("events whose action is not mysqlbinlog's", wrong, [])
    odd = [event["action"] for event in found if event["action"] in ("gap", "undecoded", "statement", "source_changed")]
    scene.equal("gaps and undecoded changes", odd, [])

    prefix = f"mysql:{SOURCE}/shop/"
    current = {line["resource"].removeprefix(prefix): line["value"] for line in conftrail.ask("current", prefix, "--offline")
               if line.get("value") is not None}
    selected = tables(server)
    different = [name for name in selected.keys() | current.keys() if selected.get(name) != current.get(name)]
    scene.claim(f"`current` equals SELECT *: {len(selected)} rows of 3 tables", not different and selected,
                "; ".join(f"{name}: {selected.get(name)} but {current.get(name)}" for name in different[:3]))


def renamed(row):
    """An update that changes the key is a rename."""
    return "rename" if row.action == "update" else row.action


def compare_messages(scene, conftrail, sink, matching):
    ledger = conftrail.ledger()
    mails = sink.mails()
    told = collections.Counter(mail["head"]["message-id"] for mail in mails)
    scene.equal("distinct Message-IDs at the mail server equal `delivered`", len(told), ledger["delivered"])
    accounted = ledger["announced"] + ledger["counted"] + sum(ledger["no_alert"].values()) + ledger["open"]
    scene.equal("matching rows by mysqlbinlog equal announced + counted + without alert + open", accounted, matching)
    scene.equal("detections in the ledger", ledger["detections"], matching)
    scene.equal("still open, pending, dead, unaccounted",
                [ledger[name] for name in ("open", "pending", "dead", "unaccounted")], [0, 0, 0, 0])
    repeats = [mail for mail in mails if "(possible repeat)" in mail["text"]]
    doubled = sum(count - 1 for count in told.values())
    marked = {mail["head"]["message-id"] for mail in repeats}
    unmarked = [name for name, count in told.items() if count > 1 and name not in marked]
    scene.claim(f"each mail that came twice says \"(possible repeat)\": {doubled - len(unmarked)} of {doubled}", not unmarked, unmarked)


if __name__ == "__main__":
    play("04-kills", story)
