"""A data directory whose disk is full: conftrail says so, waits, and goes on when there is room again."""

import re
import resource
import signal
import subprocess

from program import Conftrail
from scene import Unmet, until
from sentences import complains
from servers import MySql

ROOM = 6 * 1024 * 1024
FULL = re.compile("(?i)disk is full|no space left|file too large")


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
        # More room than before: what conftrail itself wrote may fill the small one.
        self.filler.unlink()
        subprocess.run(["mount", "-o", f"remount,size={10 * ROOM}", self.mounted], check=True, capture_output=True)

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
    server = MySql(scene, name="disk-mysql")
    server.run("CREATE DATABASE shop; CREATE TABLE shop.flags (id INT PRIMARY KEY, note TEXT)")
    conftrail = Conftrail(scene, "disk")
    conftrail.configure(f'- {{ name: db, kind: mysql, url: "mysql://root@127.0.0.1:{server.port}", include: ["shop.*"], start: earliest }}')
    try:
        disk = SmallDisk(scene, conftrail)
    except (subprocess.CalledProcessError, FileNotFoundError):
        disk = SmallFiles(scene, conftrail)
    try:
        fill_and_mend(scene, conftrail, server, disk)
    finally:
        if conftrail.child is not None:
            conftrail.kill()
        disk.close()


def fill_and_mend(scene, conftrail, server, disk):
    child = conftrail.start(**disk.options)
    insert(server, range(10))
    until("changes before the disk is full", lambda: rows(conftrail) == list(range(10)))
    disk.fill(child)
    insert(server, range(10, 200))
    until("the log to say that the disk is full", lambda: FULL.search(conftrail.log.read_text(errors="replace")), 30)
    complains(scene, f"a full disk ({disk.name}) is named in the log", conftrail.log.read_text(errors="replace"), FULL.pattern, "retry")
    scene.claim("conftrail still runs", child.poll() is None, conftrail.last_words())
    disk.mend(child)
    insert(server, range(200, 210))
    try:
        until("all changes to be on record", lambda: len(rows(conftrail)) >= 210, 60, 0.3)
    except Unmet as unmet:
        scene.say(str(unmet))
    found = rows(conftrail)
    scene.claim(f"when there is room again it goes on, and every change is on record once: {len(found)} of 210", found == list(range(210)), found)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def insert(server, numbers):
    """Single-row transactions, with enough text to fill a disk; MySQL 9.7 has no MD5() any more."""
    server.run("".join(f"INSERT INTO shop.flags VALUES ({number}, REPEAT(SHA2({number}, 256), 150));" for number in numbers))


def rows(conftrail):
    """The keys of the rows whose insertion is on record, in order."""
    return sorted(event["after"]["id"] for event in conftrail.events("group:flags and action:create"))
