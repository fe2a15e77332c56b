"""`log --follow` prints each change once, in the order of recording, also when the instance dies and comes back.

Files are edited all the while. The instance is killed and started again under a follower that is never told of it; a second
follower starts in the midst and asks for a part only. What both printed is compared with the trail.
"""

import json
import os
import socket
import subprocess
import threading

from program import Conftrail
from scene import play, until

FILES = 4
EDIT_EVERY = 0.15
KILLS = {False: 2, True: 10}
# Edits that are on record before the next kill.
BETWEEN = 12


def story(scene):
    conftrail, watched = Conftrail(scene), scene.path("app")
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}")
    # The follower knows one address, so that the instance must have the same again.
    os.environ["CONFTRAIL__API__LISTEN"] = f"127.0.0.1:{free_port()}"
    conftrail.start()
    until("the files to be read", lambda: conftrail.reads("app"))
    all_of_it = Follower(conftrail, "all", "log", "source.name:app", "--follow")
    edits = Edits(watched)
    part = None
    for number in range(KILLS[scene.long]):
        recorded = conftrail.count("source.name:app")
        until("edits to be recorded", lambda: conftrail.count("source.name:app") >= recorded + BETWEEN, 60, 0.2)
        part = part or Follower(conftrail, "part", "search", "name:1.yaml", "--follow", "-n", 0)
        until("the second follower to print", part.printed, 60, 0.2)
        conftrail.kill()
        conftrail.start()
    recorded = conftrail.count("source.name:app")
    until("edits to be recorded", lambda: conftrail.count("source.name:app") >= recorded + BETWEEN, 60, 0.2)
    edits.stop()
    until("the last edit to be recorded", lambda: conftrail.count(f"after.text:*edit-{edits.number}-*") > 0, 30, 0.2)
    trail = in_order(conftrail.events("source.name:app"))
    until("the followers to have caught up", lambda: len(all_of_it.printed()) >= len(trail), 30, 0.2)
    printed = [event["id"] for event in all_of_it.printed()]
    scene.claim(f"over {KILLS[scene.long]} kills `log --follow` printed the {len(trail)} changes, each once, in the order of recording",
                printed == trail, {"missing": len(set(trail) - set(printed)), "printed": len(printed)})
    own = in_order(conftrail.events("source.name:app and name:1.yaml"))
    until("the second follower to have caught up", lambda: part.printed() and part.printed()[-1]["id"] == own[-1], 30, 0.2)
    printed = [event["id"] for event in part.printed()]
    scene.claim(f"a follower of one file printed its {len(printed)} changes from where it began",
                0 < len(printed) < len(own) and printed == own[-len(printed):])
    for follower in (all_of_it, part):
        follower.end()
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def in_order(events):
    """The ids in the order of recording."""
    return [event["id"] for event in sorted(events, key=lambda event: [event["log"][name] for name in ("epoch", "partition", "offset")])]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Follower:
    """A command that follows; what it prints is one JSON object a line."""

    def __init__(self, conftrail, name, *arguments):
        self.scene, self.path = conftrail.scene, conftrail.home / f"{name}.jsonl"
        with open(self.path, "wb") as out, open(conftrail.home / f"{name}.log", "wb") as said:
            self.child = self.scene.spawn(conftrail.command("--output", "json", *arguments), cwd=conftrail.home,
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=said)

    def printed(self):
        lines = self.path.read_text().split("\n")
        # What stands behind the last line's end is not whole yet.
        return [json.loads(line) for line in lines[:-1]]

    def end(self):
        self.scene.end(self.child)


class Edits:
    """Edits the files in turns until it is stopped."""

    def __init__(self, directory):
        self.directory, self.number, self.stopping = directory, 0, threading.Event()
        self.thread = threading.Thread(target=self._edit, daemon=True)
        self.thread.start()

    def _edit(self):
        while not self.stopping.wait(EDIT_EVERY):
            self.number += 1
            (self.directory / f"{self.number % FILES}.yaml").write_text(f"limit: {self.number}\nname: edit-{self.number}-\n")

    def stop(self):
        self.stopping.set()
        self.thread.join()


if __name__ == "__main__":
    play("19-following", story)
