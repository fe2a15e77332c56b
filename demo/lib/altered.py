"""Alterations of a trail, as somebody makes them who owns the files, knows them well, and has no key."""

import hashlib
import json
import random
import shutil
import sqlite3
import zlib


class Copy:
    """A copy of a data directory without the key that signs, to do with as one likes."""

    def __init__(self, scene, data, name):
        self.data = scene.path("copies") / name
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(data, self.data, ignore=shutil.ignore_patterns("signing.key"))

    def database(self):
        """The trail, open for writing; used with `with`, which commits."""
        return sqlite3.connect(self.data / "trail.db")


def rows(data):
    """Every event of a trail as (leaf, key, id, stored body), in the order they were recorded."""
    with sqlite3.connect(data / "trail.db") as file:
        return file.execute("SELECT leaf, l.key, id, body FROM leaves l JOIN bodies b ON b.key = l.key ORDER BY leaf").fetchall()


def flip_bit(copy, key, body, chance):
    """Changes one bit of a stored body in the file itself, past SQLite; says whether the body stands there in one piece."""
    path = copy.data / "trail.db"
    content = path.read_bytes()
    at = content.find(body)
    while at >= 0:
        changed = bytearray(content)
        changed[at + chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        with copy.database() as file:
            # Pages keep remains of rows that stood there once; those are not the row.
            if file.execute("SELECT body FROM bodies WHERE key = ?", [key]).fetchone()[0] != body:
                return True
        at = content.find(body, at + 1)
    return False


def remove(copy, key):
    with copy.database() as file:
        for table in ("events", "bodies"):
            file.execute(f"DELETE FROM {table} WHERE key = ?", [key])


def add(copy, key, foreign):
    """Adds an event that never was: a copy of another under an id of its own."""
    with copy.database() as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(events)")][2:]
        names = ", ".join(columns)
        new = file.execute("SELECT max(key) + 1 FROM events").fetchone()[0]
        file.execute(f"INSERT INTO events (key, id, {names}) SELECT ?, ?, {names} FROM events WHERE key = ?", [new, foreign, key])
        file.execute("INSERT INTO bodies SELECT ?, body FROM bodies WHERE key = ?", [new, key])


def rewrite(copy, leaf, key, event, whole=False):
    """Puts an event in another one's place, with everything that searches find it by. With `whole` the leaf and the state of
    the tree go along, so that the file agrees with itself; what was signed cannot."""
    kept = {name: event.pop(name) for name in ("observed", "log") if name in event}
    canonical = canonical_bytes(event)
    rest = b"," + json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()[1:]
    with copy.database() as file:
        body = b"\0" + canonical[:-1] + rest
        file.execute("UPDATE bodies SET body = ? WHERE key = ?", [body, key])
        file.execute("UPDATE events SET actor = ? WHERE key = ?", [event["actor"].get("name"), key])
        if whole:
            file.execute("UPDATE leaves SET hash = ?, stored = ? WHERE leaf = ?", [leaf_hash(event["id"], canonical), checksum(body), leaf])
            leaves = [row[0] for row in file.execute("SELECT hash FROM leaves ORDER BY leaf")]
            nodes, peaks = grown(leaves)
            file.execute("UPDATE tree SET peaks = ?", [b"".join(peaks)])
            for (level, number), digest in nodes.items():
                file.execute("UPDATE nodes SET hash = ? WHERE level = ? AND number = ?", [digest, level, number])


def canonical_bytes(event):
    """The bytes that proofs are over (docs/event.md); sorted and without spaces, as Python can write them too."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(id, canonical):
    entry = f"conftrail/event/v1\n{id}\n{hashlib.sha256(canonical).hexdigest()}\n".encode()
    return hashlib.sha256(b"\0" + entry).digest()


def checksum(body):
    return zlib.crc32(body)


def grown(leaves):
    """The tree over leaves (RFC 6962): its stored subtrees, and the hashes it consists of."""
    nodes, stack = {}, []
    for index, leaf in enumerate(leaves):
        stack.append((0, leaf))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (level, right), (_, left) = stack.pop(), stack.pop()
            stack.append((level + 1, hashlib.sha256(b"\1" + left + right).digest()))
            if (level + 1) % 8 == 0:
                nodes[(level + 1, index >> (level + 1))] = stack[-1][1]
    return nodes, [digest for _, digest in stack]


def root_of(peaks):
    """The root over the hashes that a tree consists of."""
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = hashlib.sha256(b"\1" + left + root).digest()
    return root


def chosen(all_rows, number):
    """Some rows, the same ones for the same trail."""
    return random.Random(len(all_rows)).sample(all_rows, min(number, len(all_rows)))
