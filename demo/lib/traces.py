"""Looks for texts in everything that a program left behind, in whatever spelling and however it is packed."""

import base64
import html
import json
import os
import sqlite3
import subprocess
import urllib.parse
from pathlib import Path

from packed import Unpacker

# Shorter pieces could stand somewhere by chance.
HALVES_FROM = 18


def spellings(secret):
    """The ways in which a text may stand in a file: plain and in halves, escaped as in JSON, JSON within JSON, XML, addresses
    and properties, in hexadecimal digits, as base64 at each of its three offsets. UTF-16 is searched for without its zeros."""
    clear = secret.encode()
    escaped = json.dumps(secret, ensure_ascii=False)[1:-1]
    texts = {secret, escaped, json.dumps(secret)[1:-1], json.dumps(escaped, ensure_ascii=False)[1:-1], html.escape(secret),
             html.escape(secret, quote=False), urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret)}
    if len(secret) >= HALVES_FROM and secret.isalnum():
        texts |= {secret[:len(secret) // 2], secret[len(secret) // 2:]}
    forms = {text.encode() for text in texts} | {clear.hex().encode(), clear.hex().upper().encode()}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * offset + clear)
            # The first and last characters also depend on the neighbours.
            forms.add(encoded[(0, 2, 3)[offset]:].rstrip(b"=")[:-1])
    return forms


class Search:
    """Finds any spelling of any of some secrets."""

    def __init__(self, scene, secrets):
        self.secret_of = {form: secret for secret in secrets for form in spellings(secret)}
        self.needles = scene.directory / f"needles-{id(self)}"
        self.needles.write_bytes(b"\n".join(self.secret_of) + b"\n")
        self.unpacker = Unpacker()

    def __call__(self, content):
        """The secrets that some bytes hold."""
        # Without zeros, UTF-16 of either order is what it says.
        content = content + b"\n" + content.replace(b"\0", b"") + b"\n"
        command = ["grep", "--text", "--only-matching", "--fixed-strings", f"--file={self.needles}"]
        done = subprocess.run(command, input=content, capture_output=True, env={**os.environ, "LC_ALL": "C"})
        if done.returncode > 1:
            raise RuntimeError(f"grep failed: {done.stderr.decode()}")
        return {self.secret_of[form] for form in set(done.stdout.splitlines())}

    def below(self, directory, besides=()):
        """Where any of the secrets stands below a directory, as `file: secret`, except in the paths `besides`."""
        found = []
        for path in sorted(Path(directory).rglob("*")):
            if not path.is_file() or any(path.is_relative_to(beside) for beside in besides):
                continue
            found += [f"{path.relative_to(directory)}: {secret}" for secret in sorted(self(self.content(path)))]
        return found

    def content(self, path):
        """A file's bytes, and what is packed in them. SQLite files are also read through SQLite, because a value can go over
        several pages of a file."""
        raw = path.read_bytes()
        parts = [raw, *self.unpacker.frames(raw)]
        if raw.startswith(b"SQLite format 3\0"):
            for cell in cells(path):
                parts += [cell, *filter(None, [self.unpacker.body(cell)])]
        return b"\n".join(parts)


def cells(path):
    """Every text and blob of a SQLite file, as it is stored."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    try:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
        for (table,) in tables:
            try:
                rows = database.execute(f'SELECT * FROM "{table.decode()}"')
            except sqlite3.OperationalError:
                continue  # a contentless index has no rows to select
            for row in rows:
                for cell in row:
                    if isinstance(cell, (bytes, str)):
                        yield cell if isinstance(cell, bytes) else cell.encode()
    finally:
        database.close()
