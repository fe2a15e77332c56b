"""The frame of a demo: claims that are counted, a directory that goes when all holds, children that never outlive it."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Unmet(Exception):
    """A step that everything after it needs did not happen."""


class Scene:
    """One run of a demo."""

    def __init__(self, name, long):
        self.name = name
        self.long = long
        # Short, because a Unix socket's path has at most 107 characters.
        self.directory = Path(tempfile.mkdtemp(prefix="conftrail-demo-"))
        self.children = []
        self.counting = threading.Lock()
        self.claims = 0
        self.broken = []
        self.began = time.monotonic()

    def path(self, name):
        """A directory of its own below the scene's."""
        path = self.directory / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def say(self, text):
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)

    def claim(self, sentence, holds, detail=""):
        """Counts one claim and prints it; a broken one is printed with its detail."""
        with self.counting:
            self.claims += 1
        if holds:
            self.say(f"ok    {sentence}")
        else:
            self.broken.append(sentence)
            self.say(f"FALSE {sentence}" + (f"\n        {str(detail)[:2000]}" if detail != "" else ""))
        return holds

    def equal(self, sentence, found, expected):
        return self.claim(f"{sentence}: {brief(found)}", found == expected, f"expected {brief(expected)}")

    def all_of(self, sentence, parts):
        """Claims that each named part holds: `parts` has (name, holds) or (name, holds, detail)."""
        parts = list(parts)
        wrong = [part for part in parts if not part[1]]
        detail = "; ".join(f"{part[0]}{': ' + str(part[2]) if len(part) > 2 else ''}" for part in wrong[:12])
        return self.claim(f"{sentence}: {len(parts) - len(wrong)} of {len(parts)}", parts and not wrong, detail)

    def spawn(self, command, **options):
        """Starts a child that is ended and reaped with the scene."""
        child = subprocess.Popen([str(part) for part in command], **options)
        self.children.append(child)
        return child

    def end(self, child, how=signal.SIGTERM, patience=20):
        """Ends a child and returns its exit code."""
        if child.poll() is None:
            child.send_signal(how)
            try:
                child.wait(patience)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass  # what was still to be written to a dead child
        if child in self.children:
            self.children.remove(child)
        return child.returncode

    def close(self):
        for child in reversed(list(self.children)):
            self.end(child)

    def verdict(self):
        """Prints the last line and returns the exit code."""
        held = self.claims - len(self.broken)
        seconds = time.monotonic() - self.began
        if self.broken:
            print(f"{self.name}: {held} of {self.claims} claims hold in {seconds:.0f} s; false: {'; '.join(self.broken)}; "
                  f"everything is left in {self.directory}")
            return 1
        shutil.rmtree(self.directory, ignore_errors=True)
        print(f"{self.name}: {held} of {self.claims} claims hold in {seconds:.0f} s")
        return 0


def brief(value):
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "…"


def until(what, step, patience=30, pause=0.05):
    """Waits until `step` returns something true, and returns it."""
    deadline = time.monotonic() + patience
    while True:
        got = step()
        if got:
            return got
        if time.monotonic() > deadline:
            raise Unmet(f"waited {patience} s for {what}")
        time.sleep(pause)


def random_secret(length=18):
    """Letters and digits that stand nowhere else; begins with a letter and holds both."""
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
    body = "".join(secrets.choice(alphabet + "23456789") for _ in range(length - 3))
    return secrets.choice(alphabet) + secrets.choice("23456789") + body + secrets.choice("23456789")


def play(name, story):
    """Runs a demo's story with `short` or `long` from the command line, and exits with its verdict."""
    forms = {"short": False, "long": True}
    if len(sys.argv) != 2 or sys.argv[1] not in forms:
        sys.exit(f"usage: {name} short|long")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ.pop("CONFTRAIL_FAILPOINT", None)
    scene = Scene(name, forms[sys.argv[1]])
    try:
        story(scene)
    except Unmet as unmet:
        scene.claim(str(unmet), False)
    except Exception:
        scene.claim("the demo itself runs to its end", False, traceback.format_exc())
    finally:
        scene.close()
    sys.exit(scene.verdict())
