"""Real servers for a demo: MySQL with its clients, and an SMTP server that keeps what it receives."""

import email
import email.policy
import base64
import json
import queue
import subprocess
import threading
from pathlib import Path

from scene import ROOT, Unmet

SERVERS = ROOT / ".ci" / "servers"


def ready_line(child, what):
    """Reads the one line that a server script prints when it is ready."""
    line = child.stdout.readline()
    if not line:
        raise Unmet(f"{what} did not start: {SERVERS} says why above")
    return json.loads(line)


class MySql:
    """A MySQL server of our own; it ends with its open stdin."""

    PRODUCT = "MySQL"
    script, release = "mysql", []
    # Who is logged in, by which number, and since when one does nothing.
    SESSIONS, SESSION_ID = "performance_schema.threads", "processlist_id"
    IDLE = "SELECT IF(processlist_command = 'Sleep', processlist_time, 0) FROM performance_schema.threads WHERE processlist_id = {}"

    def __init__(self, scene, *options, name="mysql"):
        self.scene = scene
        self.child = scene.spawn([SERVERS / self.script, "start", *self.release, "--dir", scene.path(name), "--", *options],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = ready_line(self.child, self.PRODUCT)
        self.port, self.version = told["port"], told["version"]
        self.ca = Path(told["dir"]) / "data" / "ca.pem"

    def client(self, user="root", password="", *options):
        """The command line of the mysql program, which keeps comments and prints one line a row."""
        login = ["--protocol=tcp", "--host=127.0.0.1", f"--port={self.port}", f"--user={user}"]
        how = ["--comments", "--batch", "--raw", "--skip-column-names", "--unbuffered", "--default-character-set=utf8mb4"]
        return [SERVERS / self.script, "client", *login, *([f"--password={password}"] if password else []), *how, *options]

    def run(self, sql, user="root", password=""):
        """Runs statements in a session of their own, which is closed afterwards, and returns the lines printed."""
        command = [str(part) for part in self.client(user, password)]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Unmet(f"MySQL refused: {done.stderr.strip()}")
        return done.stdout.splitlines()

    def value(self, sql):
        return self.run(sql)[0]

    def session(self, user="root", password=""):
        return Session(self, user, password)

    def binlogs(self):
        return [line.split("\t")[0] for line in self.run("SHOW BINARY LOGS")]

    def mysqlbinlog(self, *files):
        """The server's own reading of its binlogs, as text."""
        command = [str(SERVERS / self.script), "mysqlbinlog", "--read-from-remote-server", "--host=127.0.0.1",
                   f"--port={self.port}", "--user=root", "--base64-output=DECODE-ROWS", "-vv", *(files or self.binlogs())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, errors="surrogateescape")
        if done.returncode != 0:
            raise Unmet(f"mysqlbinlog failed: {done.stderr.strip()}")
        return done.stdout


class MariaDb(MySql):
    """A MariaDB server of our own."""

    PRODUCT = "MariaDB"
    script, release = "mariadb", ["--release", "11.4"]
    SESSIONS, SESSION_ID = "information_schema.processlist", "id"
    IDLE = "SELECT IF(command = 'Sleep', time, 0) FROM information_schema.processlist WHERE id = {}"


class Session:
    """A session that stays open, as an application's does."""

    def __init__(self, server, user, password):
        self.scene = server.scene
        self.child = self.scene.spawn(server.client(user, password), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.asked = 0

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def run(self, sql, patience=60):
        """Runs statements and returns the lines printed, when the server has answered."""
        self.asked += 1
        mark = f"answered {self.asked}"
        self.child.stdin.write(f"{sql.rstrip().rstrip(';')};\nSELECT '{mark}';\n")
        self.child.stdin.flush()
        printed = []
        while True:
            try:
                line = self.lines.get(timeout=patience)
            except queue.Empty:
                raise Unmet(f"MySQL did not answer within {patience} s: {sql[:80]}") from None
            if line is None:
                raise Unmet(f"the MySQL session ended: {' '.join(printed)}")
            if line == mark:
                return printed
            if not line.startswith("mysql: [Warning]"):
                printed.append(line)

    def close(self):
        self.scene.end(self.child)


class Smtp:
    """An SMTP server that plays the faults it is told to; `options` are those of smtp_sink.py."""

    def __init__(self, scene, *options, name="mails.jsonl", port=0):
        self.scene = scene
        self.out = scene.directory / name
        self.child = scene.spawn([SERVERS / "smtp", "start", "--out", self.out, "--port", port, "--", *options],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = ready_line(self.child, "the SMTP server")["port"]

    def stop(self):
        self.scene.end(self.child)

    def mails(self):
        return read_mails(self.out)


def read_mails(path):
    """The mails a server kept, in order of arrival, each with its headers as a dict of lower-case names."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    mails = [json.loads(line) for line in lines]
    for mail in mails:
        mail["head"] = {name.lower(): value for name, value in mail["headers"]}
    return mails


def read_eml(path):
    """A mail from a file, with its subject and text decoded."""
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def raw_mail(mail):
    """The bytes of a mail as they were received."""
    return base64.b64decode(mail["raw"])
