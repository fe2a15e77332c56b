"""A data directory whose disk is full: conftrail says so, waits, and goes on when there is room again."""

import resource
import signal
import subprocess

from program import Conftrail
from scene import until
from sentences import complains

ROOM = 6 * 1024 * 1024


class SmallDisk:
    """A file system of its own for the data directory, as far as we may mount one."""

    name = "a file system of 6 MB"

    def __init__(self, scene, conftrail):
        self.mounted = conftrail.data
        self.mounted.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "conftrail-demo", self.mounted], check=True, capture_output=True)
        self.filler = self.mounted / "filler"
        self.options = {}

    def fill(self, _child):
        with open(self.filler, "wb", buffering=0) as filler:
            try:
                while filler.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def mend(self, _child):
        self.filler.unlink()

    def close(self):
        subprocess.run(["umount", "--lazy", self.mounted], check=False, capture_output=True)


class SmallFiles:
    """A limit on the size of files, which any user may set: writes fail as they do on a full disk."""

    name = "a limit on the size of files"

    def __init__(self, _scene, _conftrail):
        # Ignored, so that a write beyond the limit fails instead of ending the process.
        self.options = {"preexec_fn": lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN)}

    def fill(self, child):
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def mend(self, child):
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def close(self):
        pass


def disk_full(scene):
    scene.say("--- disk")
    conftrail = Conftrail(scene, "disk")
    watched = scene.path("on-disk")
    (watched / "app.yaml").write_text("limit: 0\n")
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}")
    try:
        disk = SmallDisk(scene, conftrail)
    except (subprocess.CalledProcessError, FileNotFoundError):
        disk = SmallFiles(scene, conftrail)
    try:
        fill_and_mend(scene, conftrail, watched, disk)
    finally:
        if conftrail.child is not None:
            conftrail.kill()
        disk.close()


def fill_and_mend(scene, conftrail, watched, disk):
    child = conftrail.start(**disk.options)
    change(watched, 1)
    until("a change before the disk is full", lambda: conftrail.count("after.text:* and action:update") >= 1)
    disk.fill(child)
    for number in (2, 3):
        change(watched, number)
    until("the log to say that the disk is full", lambda: "full" in conftrail.log.read_text(errors="replace").lower()
          or "no space" in conftrail.log.read_text(errors="replace").lower() or None, 30)
    complains(scene, f"a full disk ({disk.name}) is named in the log", conftrail.log.read_text(errors="replace"), "(?i)full|no space|too large")
    scene.equal("conftrail still runs", child.poll(), None)
    disk.mend(child)
    change(watched, 4)
    until("the changes to be on record", lambda: newest(conftrail) == 4, 60)
    values = [event["changes"][0]["after"] for event in reversed(conftrail.events("path:limit and action:update"))]
    scene.claim(f"when there is room again it goes on, and what changed meanwhile is on record: {values}",
                values[0] == 1 and values[-1] == 4 and values == sorted(set(values)), values)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def change(watched, number):
    (watched / "app.yaml").write_text(f"limit: {number}\n# {'x' * 60000}\n")


def newest(conftrail):
    events = conftrail.ask("log", "path:limit", "-n", 1, "--offline")
    return events[0]["changes"][0]["after"] if events else None
