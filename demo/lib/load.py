"""Sessions that write rows at a steady rate to a server that may die under them."""

import random
import subprocess
import threading
import time

SCHEMA = "CREATE DATABASE shop; CREATE TABLE shop.items (id INT PRIMARY KEY, v INT NOT NULL, note VARCHAR(40)) CHARACTER SET utf8mb4;"
SESSIONS = 2
# Statements go out in this many bunches a second.
BUNCHES = 20


class Load:
    """Writes until it is stopped, or its server dies. `first` is the first id it inserts; sessions keep apart by their ids."""

    def __init__(self, server, rate, first, seed=11):
        self.rate, self.first, self.number = rate, first, 0
        self.random = random.Random(seed)
        self.alive = [[] for _ in range(SESSIONS)]
        self.stopping = threading.Event()
        self.children = [server.scene.spawn(server.client(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL, text=True) for _ in range(SESSIONS)]
        self.scene = server.scene
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self):
        began, sent = time.monotonic(), 0
        try:
            while not self.stopping.wait(1 / BUNCHES):
                due = int((time.monotonic() - began) * self.rate)
                # After a stall only a second's worth is made up for.
                for _ in range(min(due - sent, self.rate)):
                    session = self.number % SESSIONS
                    self.children[session].stdin.write(self._transaction(session))
                sent = max(due, sent)
                for child in self.children:
                    child.stdin.flush()
        except OSError:
            pass  # the server died

    def _transaction(self, session):
        self.number += 1
        number, alive, draw = self.first + self.number, self.alive[session], self.random.randrange(100)
        if draw < 50 or len(alive) < 3:
            alive.append(number)
            return f"INSERT INTO shop.items VALUES ({number},{draw},'第 {number}');\n"
        chosen = self.random.choice(alive)
        if draw < 75:
            return f"UPDATE shop.items SET v={number} WHERE id={chosen};\n"
        if draw < 85:
            alive.remove(chosen)
            return f"DELETE FROM shop.items WHERE id={chosen};\n"
        alive.append(number)
        return (f"BEGIN; INSERT INTO shop.items VALUES ({number},1,NULL); UPDATE shop.items SET v={number} WHERE id={chosen}; "
                f"UPDATE shop.items SET v=v+1 WHERE id={number}; COMMIT;\n")

    def stop(self):
        """Stops, and waits until everything sent is executed or lost with its server."""
        self.stopping.set()
        self.thread.join()
        for child in self.children:
            try:
                child.stdin.close()
            except OSError:
                pass
            child.wait(60)
            self.scene.end(child)
        return self.number


def table_of(server):
    """The rows by SELECT, as {key: (v, note)}."""
    rows = (line.split("\t") for line in server.run("SELECT id, v, IFNULL(note, 'NULL') FROM shop.items"))
    return {key: (int(v), note) for key, v, note in rows}


def current_of(conftrail, source):
    """The present rows by the trail, in the same form."""
    prefix = f"mysql:{source}/shop/items/"
    lines = (line for line in conftrail.ask("current", prefix, "--offline") if line.get("value") is not None)
    return {line["resource"].removeprefix(prefix): (line["value"]["v"], line["value"]["note"] or "NULL") for line in lines}
