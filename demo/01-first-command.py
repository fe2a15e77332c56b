"""The first command of the README, with nothing in the environment but a PATH.

`conftrail demo DIR` records three edits of sample files, makes an alert of one and a mail of the alert. The mail and the
trail are then read from the disk, no secret of the sample stands anywhere beyond the sample itself, and the same data
serves a second start.
"""

import os
import re
import subprocess
import time

from program import PROGRAM, Conftrail
from scene import play, until
from servers import read_eml
from traces import Search

PATIENCE = 120
SECRETS = ["s3cret-of-the-demo", "another-secret-of-the-demo", "a-rotated-secret-of-the-demo"]


def story(scene):
    bare = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(scene.path("empty-home"))}
    directory = scene.directory / "try"
    begun = time.monotonic()
    done = subprocess.run([PROGRAM, "demo", directory, "--once"], env=bare, cwd=scene.directory, timeout=PATIENCE,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    took = time.monotonic() - begun
    said = done.stdout + done.stderr
    (scene.directory / "said.txt").write_text(said)
    scene.claim(f"`conftrail demo DIR --once` ends well within {PATIENCE} s: {took:.1f} s", done.returncode == 0, said[-1500:])

    pool = next((line for line in done.stdout.splitlines() if "order-service.yaml" in line), "")
    scene.claim("the change of the pool size shows who made it and how that is known", re.search(r"alice.*\(\w+, git\)", pool), said)
    scene.claim("… and its ticket", "CHG-1234" in pool, pool)
    scene.claim("… and the diff", "hikari.maximum-pool-size: 50 → 10" in done.stdout, said)
    scene.all_of("the other edits stand there too", [(name, name in done.stdout) for name in ("redis.properties", "gateway.json")])
    scene.claim("the alert is named", "demo/pool-changed" in said, said)
    quoted = "\n".join(line.removeprefix("  | ") for line in said.splitlines() if line.startswith("  | "))
    scene.claim("the mail is shown, with the diff", "50 → 10" in quoted, quoted)
    typed = re.findall(r"^ +(\S*conftrail\S* -c .*)$", said, re.M)
    scene.claim(f"what to type next is shown: {len(typed)} commands", len(typed) >= 4, said[-800:])

    mails = sorted((directory / "mail").rglob("*.eml"))
    scene.equal("mails in DIR/mail", len(mails), 1)
    if mails:
        mail = read_eml(mails[0])
        text = mail.get_body(("plain",)).get_content()
        page = mail.get_body(("html",)).get_content()
        scene.all_of("the mail holds who, the ticket and the diff, as text and as HTML",
                     [(f"{kind}: {wanted}", wanted in part) for kind, part in (("text", text), ("html", page))
                      for wanted in ("alice", "CHG-1234", "50", "10", "maximum-pool-size")])

    # The sample's own files and the objects of its Git checkout hold the secrets; nothing else may.
    found = Search(scene, SECRETS).below(directory, besides=[directory / "config"])
    scene.equal("places beyond the sample where one of its secrets stands", found, [])
    scene.equal("secrets of the sample in what was printed", [one for one in SECRETS if one in said], [])

    demo = Conftrail(scene, "try")
    ledger = demo.ledger()
    scene.equal("unaccounted in the ledger", ledger["unaccounted"], 0)
    scene.claim(f"delivered in the ledger: {ledger['delivered']}", ledger["delivered"] >= 1, ledger)
    recorded = demo.events("source.name:demo and action:update")
    scene.equal("updates on record", len(recorded), 3)
    second_start(scene, demo, typed)


def second_start(scene, demo, typed):
    """The data of the demo serves `conftrail run`."""
    before = {event["id"] for event in demo.events()}
    demo.start()
    scene.say("started again on the same data, with `conftrail run`")
    done = [(line, subprocess.run(line, shell=True, cwd=scene.directory, capture_output=True, text=True, timeout=60)) for line in typed]
    scene.all_of("the commands that were shown work as they stand", [(line, one.returncode == 0 and one.stdout, one.stderr) for line, one in done])
    until("the files to be read", lambda: demo.reads("demo"))
    replaced = (demo.home / "config" / "gateway.json").read_text().replace('"perSecond": 500', '"perSecond": 900')
    (demo.home / "config" / "gateway.json").write_text(replaced)
    until("the edit after the second start to be on record", lambda: demo.count("path:rateLimit.perSecond and action:update"))
    newest = demo.ask("log", "source.name:demo", "-n", 1)[0]
    diff = [(change["path"], change["before"], change["after"]) for change in newest["changes"]]
    scene.equal("after a second start an edit is recorded", diff, [("rateLimit.perSecond", 500, 900)])
    repeated = demo.events("source.name:demo and time:*")
    scene.equal("events recorded twice", len(repeated) - len({event["id"] for event in repeated}), 0)
    scene.claim("what was recorded before is still there", before <= {event["id"] for event in demo.events()})
    scene.equal("exit code after SIGTERM", demo.stop(), 0)


if __name__ == "__main__":
    play("01-first-command", story)
