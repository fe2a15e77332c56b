"""A writer that changes rows of several tables at a steady rate, through the mysql program."""

import json
import random
import subprocess
import threading
import time

SCHEMA = """
CREATE DATABASE shop;
CREATE TABLE shop.flags (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, v INT NOT NULL);
CREATE TABLE shop.prices (id BIGINT PRIMARY KEY, sku VARCHAR(40), amount DECIMAL(12,2), since DATETIME(3), doc JSON);
CREATE TABLE shop.carts (region CHAR(2), id BIGINT, items INT, note TEXT, PRIMARY KEY (region, id));
INSERT INTO shop.flags VALUES (1,'checkout',0),(2,'search',0),(3,'login',0),(4,'basket',0),(5,'refund',0),(6,'mail',0);
"""
# What SELECT says of each table, as JSON in the words of the event format.
AS_JSON = {
    "flags": "JSON_OBJECT('id', id, 'name', name, 'v', v)",
    "prices": "JSON_OBJECT('id', id, 'sku', sku, 'amount', CAST(amount AS CHAR), 'since', CAST(since AS CHAR), 'doc', doc)",
    "carts": "JSON_OBJECT('region', region, 'id', id, 'items', items, 'note', note)",
}
KEYS = {"flags": ["id"], "prices": ["id"], "carts": ["region", "id"]}
# Statements go out in this many bunches a second.
BUNCHES = 20


class Writer:
    """Writes until it is stopped. Sessions are two, so that transactions interleave."""

    def __init__(self, server, rate, seed=7):
        self.rate = rate
        self.random = random.Random(seed)
        self.number = 0
        self.stopping = threading.Event()
        self.failure = None
        self.children = [server.scene.spawn(server.client(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
                         for _ in range(2)]
        self.scene = server.scene
        self.seconds = 0.0
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self):
        began = time.monotonic()
        sent = 0
        try:
            while not self.stopping.wait(1 / BUNCHES):
                due = int((time.monotonic() - began) * self.rate)
                # After a stall only a second's worth is made up for, so that a slow machine is not flooded.
                for _ in range(min(due - sent, self.rate)):
                    child = self.children[self.random.randrange(2)]
                    child.stdin.write(self._transaction())
                sent = max(due, sent)
                for child in self.children:
                    child.stdin.flush()
        except OSError as error:
            self.failure = error
        self.seconds = time.monotonic() - began

    def _transaction(self):
        self.number += 1
        number, draw = self.number, self.random.randrange(100)
        flag, region = self.random.randrange(1, 7), self.random.choice(["eu", "us", "cn"])
        if draw < 30:
            return f"UPDATE shop.flags SET v={number} WHERE id={flag} /*user='writer',ticket='CHG-{number}'*/;\n"
        if draw < 55:
            doc = f'{{"tier": {number % 5}, "tags": ["a", "b{number}"], "名称": "价格"}}'
            return f"INSERT INTO shop.prices VALUES ({number},'sku-{number}',{number}.25,'2026-11-20 10:00:00.125','{doc}');\n"
        if draw < 65:
            return f"UPDATE shop.prices SET amount=amount+1, doc=JSON_SET(doc,'$.tier',{number}) ORDER BY id DESC LIMIT 3;\n"
        if draw < 80:
            return f"INSERT INTO shop.carts VALUES ('{region}',{number},{draw},'用户 {number}');\n"
        if draw < 88:
            return f"DELETE FROM shop.carts WHERE region='{region}' ORDER BY id LIMIT 1;\n"
        if draw < 92:
            return f"UPDATE shop.carts SET id=id+1000000000 WHERE region='{region}' AND id<1000000000 ORDER BY id LIMIT 1;\n"
        return (f"BEGIN; INSERT INTO shop.carts VALUES ('{region}',{number},1,NULL); UPDATE shop.flags SET v={number} WHERE id={flag}; "
                f"DELETE FROM shop.carts WHERE region='{region}' AND id={number}; COMMIT;\n")

    def stop(self):
        """Stops, waits until the server has executed everything, and returns how many seconds were written."""
        self.stopping.set()
        self.thread.join()
        for child in self.children:
            child.stdin.close()
        codes = [child.wait(60) for child in self.children]
        if self.failure or any(codes):
            raise RuntimeError(f"the writer failed: {self.failure or codes}")
        return self.seconds


def tables(server):
    """The rows of all tables by SELECT, as {resource name below the schema: value}."""
    found = {}
    for table, expression in AS_JSON.items():
        for line in server.run(f"SELECT {expression} FROM shop.{table}"):
            row = json.loads(line)
            found[f"{table}/" + ",".join(str(row[key]) for key in KEYS[table])] = row
    return found
