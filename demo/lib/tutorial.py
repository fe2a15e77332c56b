"""Runs a tutorial of docs/tutorials as its reader would: types what stands there, and looks for what it says one will see.

In a tutorial, a block marked `console` holds commands behind `$ ` and below each what it prints; a block marked `yaml` whose first
line is `# PATH` is a file that the reader writes. In what is printed `…` stands for any text, and a line of `…` alone for any
lines. A command that ends with `&` goes on beside the others.
"""

import itertools
import os
import re
import subprocess
import time
from pathlib import Path

from program import PROGRAM, Conftrail
from scene import ROOT, until

# How long a command may need until it prints what is promised: what it asks for may still be on its way.
PATIENCE = 20
# From this many seconds on a reader wonders, and it is printed.
SLOW = 3
# A source of the user's that was looked at.
READ = re.compile(r'^conftrail_source_watermark_seconds{source="(?!conftrail")', re.M)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


class Tutorial:
    """One page, in a directory of its own."""

    def __init__(self, scene, name):
        self.scene, self.name = scene, name
        self.page = ROOT / "docs" / "tutorials" / f"{name}.md"
        # As one installation, so that it can be asked whether it is ready.
        self.installation = Conftrail(scene, name)
        self.home = self.installation.home
        tools = scene.path("bin")
        if not (tools / "conftrail").exists():
            (tools / "conftrail").symlink_to(PROGRAM)
        self.environment = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(scene.path(f"{name}-home")), "LANG": "C.UTF-8",
                            # Another instance may have the usual port.
                            "CONFTRAIL__API__LISTEN": "127.0.0.1:0"}
        self.begun = []

    def follow(self):
        """Follows the page from its first block to its last."""
        steps = list(read(self.page.read_text()))
        # What follows a step that does not do what it says says nothing.
        followed = list(itertools.takewhile(lambda step: self.step(*step), steps))
        for child in self.begun:
            self.scene.end(child)
        self.scene.claim(f"{self.name}: what the page says is what one sees: {len(followed)} of {len(steps)} steps", steps and followed == steps)

    def step(self, kind, text, expected):
        if kind == "file":
            path = self.home / text
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(expected)
            return True
        if text.endswith(" &"):
            return self.begin(text.removesuffix(" &"))
        return self.type(text, expected)

    def begin(self, command):
        with open(self.installation.log, "ab") as log:
            child = self.scene.spawn(["bash", "-c", f"exec {command}"], cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log)
        self.begun.append(child)
        self.installation.child = child
        until(f"`{command}` to be ready", self.installation.ready)
        # Whoever types the next command by hand is slower than the first look at the source.
        until("the source to be read", lambda: READ.search(self.installation.get("/metrics")))
        return True

    def type(self, command, expected):
        begun = time.monotonic()
        deadline = begun + PATIENCE
        while True:
            done = subprocess.run(["bash", "-c", command], cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
            missing = first_missing(expected, done.stdout)
            if missing is None:
                if time.monotonic() - begun > SLOW:
                    self.scene.say(f"{self.name}: `{command}` took {time.monotonic() - begun:.0f} s")
                return True
            if time.monotonic() > deadline:
                self.scene.claim(f"{self.name}: `{command}` prints `{missing}`", False, done.stdout)
                return False
            time.sleep(0.3)


def read(page):
    """Yields what a reader does: ("file", path, content) and ("command", command, printed lines)."""
    for language, body in BLOCK.findall(page):
        if language == "yaml" and body.startswith("# "):
            yield "file", body.split("\n", 1)[0].removeprefix("# ").strip(), body.split("\n", 1)[1]
        elif language == "console":
            for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, _, printed = part.partition("\n")
                yield "command", command.strip(), [line.rstrip() for line in printed.split("\n") if line.strip()]


def first_missing(expected, printed):
    """The first expected line that does not stand in what was printed, behind those before it; None when all do."""
    lines = iter([line.rstrip() for line in printed.split("\n")])
    for wanted in expected:
        if wanted.strip() == "…":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("…")))
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def pages():
    return sorted(path.stem for path in Path(ROOT / "docs" / "tutorials").glob("*.md"))
