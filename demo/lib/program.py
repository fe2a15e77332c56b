"""The conftrail program as a demo uses it: a configuration, a running instance, and its commands."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from scene import ROOT, Unmet, until

PROGRAM = Path(os.environ.get("CONFTRAIL_BIN") or ROOT / "target" / "debug" / "conftrail").resolve()


class Conftrail:
    """One installation: a directory with conftrail.yaml, rules, routing and the data directory."""

    def __init__(self, scene, name="conftrail"):
        self.scene = scene
        self.home = scene.path(name)
        self.config = self.home / "conftrail.yaml"
        self.data = self.home / "conftrail-data"
        self.log = self.home / "conftrail.log"
        self.child = None

    def configure(self, sources, rules=None, routing=None, more=""):
        """Writes the configuration; `sources` is YAML of a list, `rules` and `routing` are whole files."""
        (self.home / "rules").mkdir(exist_ok=True)
        parts = ["data_dir: conftrail-data", "sources:", indented(sources), 'api: { listen: "127.0.0.1:0" }']
        if routing is not None:
            (self.home / "rules" / "routing.yaml").write_text(routing)
            parts.append("rules: { dir: rules, routing: rules/routing.yaml }")
        elif rules is not None:
            parts.append("rules: { dir: rules }")
        if rules is not None:
            (self.home / "rules" / "demo.yaml").write_text(rules)
        self.config.write_text("\n".join([*parts, more]) + "\n")

    def command(self, *arguments):
        return [str(PROGRAM), "-c", str(self.config), *map(str, arguments)]

    def call(self, *arguments, **options):
        """Runs a command to its end."""
        options = {"timeout": 120, "cwd": self.home, **options}
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, **options)

    def ask(self, *arguments):
        """Runs a reading command and returns its objects."""
        done = self.call("--output", "json", *arguments)
        # `ledger` says by 1 that something is unaccounted for; the demo looks at the number itself.
        if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stdout):
            raise Unmet(f"`conftrail {' '.join(map(str, arguments))}` failed: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def events(self, query="*"):
        """All events of the trail that a query finds, read from the store itself."""
        return self.ask("search", query, "-n", 0, "--offline")

    def count(self, query):
        return self.ask("search", query, "--count", "--offline")[0]["total"]

    def ledger(self):
        return self.ask("ledger", "--offline")[0]

    def start(self, failpoint=None, wait=True, collectors=1, **options):
        """Starts `run`; with `wait`, returns when the instance says that it is ready. Each source may have several collectors."""
        environment = {**os.environ, "CONFTRAIL_COLLECTORS": str(collectors), **({"CONFTRAIL_FAILPOINT": failpoint} if failpoint else {})}
        (self.data / "local.address").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.child = self.scene.spawn(self.command("run"), cwd=self.home, env=environment, stdout=log,
                                          stderr=log, stdin=subprocess.DEVNULL, **options)
        if wait:
            until("conftrail to be ready", self.ready)
        return self.child

    def ready(self):
        if self.child.poll() is not None:
            raise Unmet(f"conftrail ended with {self.child.returncode}: {self.last_words()}")
        try:
            return self.get("/readyz") is not None
        except (OSError, urllib.error.URLError):
            return False

    def reads(self, source):
        """Whether the running instance has read a source at least once: later changes of it are seen."""
        return f'source_watermark_seconds{{source="{source}"}}' in self.get("/metrics")

    def get(self, path):
        """The answer of the running instance to a request without a token."""
        address = (self.data / "local.address").read_text().strip()
        with urllib.request.urlopen(address + path, timeout=5) as answer:
            return answer.read().decode()

    def stop(self):
        """Asks it to stop, and returns its exit code."""
        return self.scene.end(self.child)

    def kill(self):
        """Ends it as a power failure would."""
        return self.scene.end(self.child, signal.SIGKILL)

    def last_words(self, lines=5):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return " | ".join(text.splitlines()[-lines:])

    def mask(self, value):
        """What stands in the trail for a secret."""
        done = self.call("mask", "hash", "-", input=value)
        if done.returncode != 0:
            raise Unmet(f"`conftrail mask hash` failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def settled(self, detections=None):
        """The ledger once nothing is open or pending any more, else None."""
        ledger = self.ledger()
        calm = ledger["open"] == 0 and ledger["pending"] == 0
        enough = detections is None or ledger["detections"] >= detections
        return ledger if calm and enough else None


def indented(text, by=2):
    return "\n".join(" " * by + line for line in text.strip("\n").splitlines())


def mail_routing(port, to="oncall@example.com", wait="200ms", interval="1s"):
    """A routing file that tells `to` through the SMTP server at `port`, in clear on this machine."""
    return f"""\
global:
  smtp_smarthost: 127.0.0.1:{port}
  smtp_from: "conftrail <conftrail@example.com>"
  smtp_hello: demo.example.com
  smtp_require_tls: false
route: {{ receiver: on-call, group_wait: {wait}, group_interval: {interval} }}
receivers:
  - name: on-call
    email_configs: [{{ to: "{to}" }}]
"""
