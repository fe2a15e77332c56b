"""Mail servers that are down, refuse, greylist or hang: nothing is lost, and nothing comes twice but what says so.

Every recipient has a server of its own with one fault, and all are told of the same alerts. What the servers kept is
then compared with the ledger.
"""

import collections
import socket
import time

from program import Conftrail, indented
from scene import Unmet, play, until
from servers import Smtp

RULES = """\
version: 1
name: demo
rules:
  - id: limit-changed
    match: 'source.name:app and path:limit'
    severity: warning
    group_by: [resource.name]
"""
REFUSED = "refused@example.com"
# Recipients that must get everything in the end, by the server they are told through.
REACHED = {"healthy": ["healthy@example.com"], "down": ["down@example.com"], "refusing": ["friend@example.com"],
           "greylisting": ["grey@example.com"], "hanging": ["hang@example.com"]}


def story(scene):
    edits = 24 if scene.long else 3
    port_of_down = free_port()
    sinks = {
        "healthy": Smtp(scene, name="healthy.jsonl"),
        "refusing": Smtp(scene, "--reject", REFUSED, name="refusing.jsonl"),
        "greylisting": Smtp(scene, "--defer", str(edits), name="greylisting.jsonl"),
        "hanging": Smtp(scene, "--hang-after-data", "1", name="hanging.jsonl"),
    }
    watched = scene.path("app")
    for number in range(edits):
        (watched / f"service-{number}.yaml").write_text("limit: 1\n")
    conftrail = Conftrail(scene)
    ports = {name: sink.port for name, sink in sinks.items()} | {"down": port_of_down}
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}", RULES, routing(ports))
    conftrail.start()
    until("the files to be learned", lambda: conftrail.reads("app"))

    began = time.time()
    for number in range(edits):
        (watched / f"service-{number}.yaml").write_text(f"limit: {number + 100}\n")
    until("the alerts to reach the healthy server", lambda: len(sinks["healthy"].mails()) >= edits, 30)
    slowest = max(mail["time"] for mail in sinks["healthy"].mails()[:edits]) - began
    scene.claim(f"faults of others do not hold up the healthy server: all {edits} alerts there after {slowest:.1f} s", slowest < 10)
    until("the first attempt at the server that is down", lambda: "down@example.com" in conftrail.log.read_text() or None, 20)
    sinks["down"] = Smtp(scene, name="down.jsonl", port=port_of_down)
    scene.say("the server that was down is up")
    if scene.long:
        long_outage(scene, conftrail, watched, sinks, port_of_down)
    try:
        until("everything to be told", lambda: told(conftrail, sinks), 300 if scene.long else 50, 0.3)
    except Unmet as unmet:
        scene.say(f"gave up waiting: {unmet}; {conftrail.ledger()}")
    compare(scene, conftrail, sinks)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def long_outage(scene, conftrail, watched, sinks, port):
    """The server goes again while mails wait, conftrail is killed meanwhile, and both come back."""
    sinks["down"].stop()
    for number in range(3):
        (watched / f"service-{number}.yaml").write_text(f"limit: {number + 1000}\n")
    until("attempts at the server that went", lambda: conftrail.ledger()["pending"] >= 3, 60, 0.3)
    conftrail.kill()
    time.sleep(20)
    conftrail.start()
    sinks["down"] = Smtp(scene, name="down.jsonl", port=port)
    scene.say("server and conftrail are back after an outage of both")


def told(conftrail, sinks):
    """Everything is settled, and the dead letter's own alert has reached the healthy server too."""
    ledger = conftrail.settled()
    return ledger and ledger["dead"] and any("dead-letter" in mail["head"]["x-conftrail-rule"] for mail in sinks["healthy"].mails())


def compare(scene, conftrail, sinks):
    ledger = conftrail.ledger()
    mails = {name: sink.mails() for name, sink in sinks.items()}
    alerts = {name: {mail["head"]["x-conftrail-alert"] for mail in kept} for name, kept in mails.items()}
    scene.all_of(f"every recipient but the refused one has every alert ({len(alerts['healthy'])} alerts)",
                 [(f"{name} has {len(alerts[name])}", alerts[name] == alerts["healthy"]) for name in REACHED])
    to_refused = [mail for kept in mails.values() for mail in kept if REFUSED in mail["to"]]
    scene.equal("mails to the refused recipient", len(to_refused), 0)

    ids = collections.Counter(mail["head"]["message-id"] for kept in mails.values() for mail in kept)
    scene.equal("distinct Message-IDs at the servers equal `delivered`", len(ids), ledger["delivered"])
    dead = conftrail.ask("dead-letters", "list")
    scene.equal("dead letters, all to the refused recipient", [REFUSED in str(one) for one in dead], [True] * len(alerts["healthy"]))
    scene.equal("`dead` in the ledger", ledger["dead"], len(alerts["healthy"]))
    scene.claim("each dead letter says why", all("550" in str(one) for one in dead), dead[:1])
    scene.equal("still open, pending, unaccounted", [ledger[name] for name in ("open", "pending", "unaccounted")], [0, 0, 0])

    doubled = [name for name, count in ids.items() if count > 1]
    hung = [mail for mail in mails["hanging"] if not mail["answered"]]
    scene.equal("mails that came twice: the one whose server never answered", doubled, [mail["head"]["message-id"] for mail in hung])
    marked = [mail for kept in mails.values() for mail in kept if "(possible repeat)" in mail["text"]]
    scene.equal("mails marked \"(possible repeat)\"", [mail["head"]["message-id"] for mail in marked], doubled)
    scene.equal("the first of the two was not marked", [mail["seq"] for mail in marked if not mail["answered"]], [])
    greylisted = conftrail.log.read_text().count("greylisted")
    scene.claim(f"the greylisting server turned attempts away: {greylisted} times", greylisted >= 1)


def routing(ports):
    """One receiver with a mail integration for each server."""
    configs = [f'- {{ smarthost: "127.0.0.1:{ports[name]}", to: "{", ".join(addresses + [REFUSED] * (name == "refusing"))}" }}'
               for name, addresses in REACHED.items()]
    return f"""\
global: {{ smtp_from: "conftrail@example.com", smtp_hello: demo.example.com, smtp_require_tls: false }}
route: {{ receiver: on-call, group_wait: 200ms, group_interval: 1s }}
receivers:
  - name: on-call
    email_configs:
{indented(chr(10).join(configs), 6)}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    play("06-mail-server-faults", story)
