"""Looks for texts in everything that a program left behind."""

import base64
import sqlite3
import urllib.parse
from pathlib import Path


def spellings(secret):
    """The ways in which a text may stand in a file: plain, percent-encoded, as base64 at each of its three offsets."""
    clear = secret.encode()
    forms = {clear, urllib.parse.quote(secret, safe="").encode(), secret.encode("utf-16-le")}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + clear)
        # The first and last characters also depend on the neighbours.
        forms.add(encoded[(0, 2, 3)[offset]:].rstrip(b"=")[:-1])
    return forms


def places_of(directory, secrets, besides=()):
    """Where any of the secrets stands below a directory, as `file: secret`, except in the directories `besides`.

    SQLite files are also read through SQLite, because a value can go over several pages of a file.
    """
    wanted = [(secret, form) for secret in secrets for form in spellings(secret)]
    found = []
    for path in sorted(Path(directory).rglob("*")):
        if not path.is_file() or any(path.is_relative_to(beside) for beside in besides):
            continue
        content = path.read_bytes()
        if content.startswith(b"SQLite format 3\0"):
            content += b"\n".join(cells(path))
        found += sorted({f"{path.relative_to(directory)}: {secret}" for secret, form in wanted if form in content})
    return found


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
