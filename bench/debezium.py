"""The same backlog drained by Debezium's embedded engine and by `conftrail tail`, one after the other."""

import json
import os
import subprocess
import sys

from capture import CHANGES, CREATED, PER_TRANSACTION, backlog, reread, tail
from lib import ROOT, Workplace, machine, sql, verdict, wait


class Debezium:
    """The engine, with its position and its schema history in files."""

    def __init__(self, workplace, server):
        with open(os.environ["CLASSPATH_FILE"]) as file:
            classpath = file.read().strip()
        self.workplace = workplace
        self.out = os.path.join(workplace.memory, "debezium.jsonl")
        self.properties = workplace.write("debezium.properties", f"""
name=bench
connector.class=io.debezium.connector.mysql.MySqlConnector
topic.prefix=bench
database.hostname=127.0.0.1
database.port={server['port']}
database.user=root
database.password=
database.server.id=4100000002
database.ssl.mode=disabled
table.include.list=warm.t,bench.t
snapshot.mode=no_data
include.schema.changes=false
offset.storage=org.apache.kafka.connect.storage.FileOffsetBackingStore
offset.storage.file.filename={workplace.path("offsets")}
offset.flush.interval.ms=1000
schema.history.internal=io.debezium.storage.file.history.FileSchemaHistory
schema.history.internal.file.filename={workplace.path("history")}
key.converter.schemas.enable=false
value.converter.schemas.enable=false
""")
        self.command = ["java", "-Xmx512m", "-cp", classpath, os.path.join(ROOT, "bench", "debezium", "Drain.java")]

    def start(self, count):
        log = open(self.workplace.path("debezium.log"), "ab")
        arguments = [*self.command, self.properties, str(count), self.out]
        return self.workplace.start(arguments, stdout=subprocess.PIPE, stderr=log)

    def drain(self, count):
        """Returns the seconds from the first event to the last."""
        process = self.start(count)
        said = process.communicate(timeout=900)[0].decode().strip().splitlines()
        if process.returncode != 0:
            with open(self.workplace.path("debezium.log")) as file:
                sys.exit(file.read()[-2000:])
        return json.loads(said[-1])["seconds"]


def store_position(debezium, server):
    """Lets the engine see one change, so that the next run goes on behind it."""
    sql(server, "CREATE DATABASE warm; CREATE TABLE warm.t (id INT PRIMARY KEY AUTO_INCREMENT);")
    process = debezium.start(1)

    def is_over():
        sql(server, "INSERT INTO warm.t VALUES ();")
        return process.poll() is not None

    wait("Debezium to see a change", is_over)


def main():
    print(f"machine: {machine()}\nbacklog: {CHANGES:,} single-row changes in transactions of {PER_TRANSACTION}", flush=True)
    with Workplace() as workplace:
        server = workplace.server("mysql", "--dir", workplace.path("mysql"), "--remove")
        sql(server, "SET PERSIST binlog_row_metadata=FULL")
        debezium = Debezium(workplace, server)
        store_position(debezium, server)
        backlog(server)
        seconds, _, out = min(tail(workplace, server, "bench.t", CHANGES + CREATED) for _ in range(3))
        print(f"re-read: {reread(server, out):,} rows equal the table")
        theirs = debezium.drain(CHANGES)
        print(f"tail, whole process: {CHANGES / seconds:,.0f} rows/s; Debezium, first to last event: {CHANGES / theirs:,.0f} rows/s")
        fine = verdict("tail against Debezium", theirs / seconds, 10, 0, "times")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
