"""5,000 changes by one person are one message of each group; a mute and a silence keep back what they should, and lose nothing.

One statement of one person changes 5,000 rows. Two receivers are told of it, grouped by person and by rule. A third is muted: what
comes meanwhile is told when the mute ends, which is at a whole minute. A silence ends, and one line tells each receiver what it held
back. conftrail is killed while all of that is pending.
"""

import collections
import datetime
import time

from program import Conftrail
from scene import play, until
from servers import MySql, Smtp

STORM = 5000
SCHEMA = """\
CREATE DATABASE shop;
CREATE TABLE shop.items (id INT PRIMARY KEY, price INT NOT NULL);
CREATE TABLE shop.shifts (id INT PRIMARY KEY, name VARCHAR(40));
SET SESSION cte_max_recursion_depth = 10000;
INSERT INTO shop.items WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5200) SELECT i, 1 FROM n;
"""
RULES = """\
version: 1
name: shop
rules:
  - id: price-changed
    match: 'group:items and path:price and action:update'
    severity: high
    group_by: [actor.name, resource.id]
    annotations: { summary: "price of {{resource.id}} changed by {{actor.name}}" }
  - id: items-changed
    match: 'group:items and action:update'
    severity: warning
    group_by: [actor.name]
  - id: shift-changed
    match: 'group:shifts'
    severity: info
    group_by: [resource.id]
"""
WHO = {"owner": "owner@example.com", "audit": "audit@example.com", "night": "night@example.com"}


def story(scene):
    server = MySql(scene, "--binlog-rows-query-log-events=ON", "--binlog-row-metadata=FULL")
    server.run(SCHEMA)
    sink = Smtp(scene)
    conftrail = Conftrail(scene)
    mute_ends = end_of_mute()
    conftrail.configure(
        f'- {{ name: orders-db, kind: mysql, url: "mysql://root@127.0.0.1:{server.port}", include: ["shop.*"], actor: {{ trust: ["root@%"] }} }}',
        RULES, routing(sink.port, mute_ends), "telemetry: { log: { level: warn } }")
    conftrail.start()
    until("the source to be read", lambda: conftrail.reads("orders-db"))

    # An application's session, which lives long enough for its login to be asked for: then what it says of people is believed.
    application = server.session()
    # Muted from the beginning.
    for number in range(3):
        application.run(f"/*user='dora'*/ INSERT INTO shop.shifts VALUES ({number}, 'night {number}');")
    application.run(f"/*user='alice',ticket='CHG-7'*/ UPDATE shop.items SET price = price + 1 WHERE id <= {STORM};"
                    "/*user='bob'*/ UPDATE shop.items SET price = price + 1 WHERE id BETWEEN 5001 AND 5003;")
    storm(scene, sink)

    added = conftrail.ask("silence", "add", 'actor_name="carol"', 'alertname=~".+-changed"', "--for", "1h", "--comment", "load test",
                          "--author", "ops")[0]
    application.run("/*user='carol'*/ UPDATE shop.items SET price = price + 1 WHERE id BETWEEN 5101 AND 5140;")
    until("carol's changes to gather", lambda: conftrail.ledger()["detections"] >= 3 + 2 * (STORM + 3 + 40), 30, 0.3)
    conftrail.kill()
    conftrail.start()
    scene.say("killed and started again, with a mute and a silence pending")

    muted(scene, conftrail, sink, mute_ends)
    silenced(scene, conftrail, sink, added["id"])
    whole(scene, conftrail, sink)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def storm(scene, sink):
    """By person at one receiver, by rule at the other."""
    owner = until("the storm to be told by person", lambda: enough(sink, "owner", 2), 60, 0.2)
    audit = until("the storm to be told by rule", lambda: enough(sink, "audit", 2), 60, 0.2)
    scene.equal("messages to each receiver about 5,006 changes found by two rules", [len(owner), len(audit)], [2, 2])
    counts = sorted(count(mail) for mail in owner)
    scene.equal("the one receiver is told by person: how many findings", counts, [2 * 3, 2 * STORM])
    counts = sorted(count(mail) for mail in audit)
    scene.equal("the other by rule, whoever it was", counts, [STORM + 3, STORM + 3])
    largest = max(owner, key=count)
    scene.claim("a message of several rules names them with their numbers",
                f"shop/items-changed {STORM}, shop/price-changed {STORM}" in text(largest), text(largest)[:1500])


def muted(scene, conftrail, sink, ends):
    early = mails(sink, "night")
    scene.claim("nothing is told while muted", not early or time.time() >= ends, [mail["head"]["subject"] for mail in early])
    told = until("the mute to end and its group to be told", lambda: mails(sink, "night"), max(ends - time.time(), 0) + 20, 0.2)
    late = told[0]["time"] - ends
    scene.claim(f"the group is told when the mute ends, after {late:.1f} s", 0 <= late < 10)
    scene.equal("in one message with all that was held", [count(mail) for mail in told], [3])
    scene.claim("which says why it comes now", "muted by tonight" in text(told[0]), text(told[0])[:1500])


def silenced(scene, conftrail, sink, silence):
    about_carol = [mail for mail in sink.mails() if "carol" in text(mail)]
    scene.equal("mails about what is silenced", len(about_carol), 0)
    scene.equal("the silence is listed", [one["state"] for one in conftrail.ask("silence", "list")], ["active"])
    scene.equal("exit code of `silence expire`", conftrail.call("silence", "expire", silence).returncode, 0)
    ends = until("the end of the silence to be told", lambda: ended(sink) if len(ended(sink)) >= 2 else None, 30, 0.2)
    said = sorted(f"{mail['to'][0]}: {mail['head']['subject']}" for mail in ends)
    line = "[INFO] a silence of ops ended (load test): it held back"
    scene.equal("one line to each receiver that was not told", said, [
        f"audit@example.com: {line} 2 messages with 80 findings", f"owner@example.com: {line} 1 message with 80 findings"])
    because = conftrail.ledger()["suppressed_because"]
    scene.equal("suppressed because of it", because, {f"silence {silence}": 3})
    acts = until("the silence to be on record", lambda: both_acts(conftrail), 20, 0.3)
    scene.equal("the silence itself is on record", acts, ["create", "delete"])


def whole(scene, conftrail, sink):
    ledger = until("everything to be settled", conftrail.settled, 30, 0.3)
    ids = collections.Counter(mail["head"]["message-id"] for mail in sink.mails())
    scene.equal("no mail came twice", [one for one, times in ids.items() if times > 1], [])
    scene.equal("mails at the server equal `delivered`", len(ids), ledger["delivered"])
    scene.equal("open, gathering, pending, dead, unaccounted",
                [ledger[name] for name in ("open", "gathering", "pending", "dead", "unaccounted")], [0, 0, 0, 0, 0])
    scene.equal("delivered and suppressed are all", ledger["delivered"] + ledger["suppressed"], ledger["notifications"])
    most = collections.Counter(address for mail in sink.mails() for address in mail["to"] if "silence" not in mail["head"]["subject"])
    scene.claim(f"no receiver got more than three messages about changes: {dict(most)}", most and max(most.values()) <= 3)


def routing(port, mute_ends):
    ends = datetime.datetime.fromtimestamp(mute_ends, datetime.timezone.utc)
    # A zone in which it is noon: no day ends within the mute.
    behind = ends.hour - 12
    receivers = "".join(f'  - {{ name: {name}, email_configs: [ {{ to: "{address}" }} ] }}\n' for name, address in WHO.items())
    return f"""\
global:
  smtp_smarthost: 127.0.0.1:{port}
  smtp_from: "conftrail@example.com"
  smtp_hello: demo.example.com
  smtp_require_tls: false
route:
  receiver: audit
  group_wait: 8s
  group_interval: 20s
  routes:
    - matchers: [ 'alertname=~"(price|items)-changed"' ]
      receiver: owner
      group_by: [actor_name]
      continue: true
    - matchers: [ alertname="shift-changed" ]
      receiver: night
      group_by: [alertname]
      group_wait: 1s
      mute_time_intervals: [tonight]
    - matchers: [ severity=~"warning|high" ]
      group_by: [alertname]
time_intervals:
  - name: tonight
    time_intervals:
      - {{ times: [ {{ start_time: '00:00', end_time: '12:{ends.minute:02}' }} ], location: Etc/GMT{behind:+d} }}
receivers:
{receivers}"""


def end_of_mute():
    """A whole minute that is far enough away for the instance to be up before it, and not the first of an hour."""
    ends = (int(time.time()) + 15) // 60 * 60 + 60
    return ends + 60 if ends % 3600 == 0 else ends


def mails(sink, receiver):
    return [mail for mail in sink.mails() if WHO[receiver] in mail["to"]]


def enough(sink, receiver, number):
    """The mails of a receiver once there are so many."""
    found = mails(sink, receiver)
    return found if len(found) >= number else None


def ended(sink):
    return [mail for mail in sink.mails() if "silence-ended" in mail["head"]["x-conftrail-rule"]]


def both_acts(conftrail):
    actions = [event["action"] for event in reversed(conftrail.events("kind:silence"))]
    return actions if len(actions) >= 2 else None


def count(mail):
    """How many findings the subject says there are."""
    subject = mail["head"]["subject"]
    return int(subject.rsplit("(", 1)[1].split(" ")[0]) if subject.endswith(" changes)") else 1


def text(mail):
    return mail["text"]


if __name__ == "__main__":
    play("14-storm-and-silence", story)
