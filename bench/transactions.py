"""Transactions of a gigabyte: what `conftrail tail` and `conftrail run` hold of them, plain and compressed."""

import os
import subprocess
import sys
import threading
import time

from lib import PROGRAM, Instance, Workplace, machine, resident_megabytes, sql, verdict, wait

MEGABYTES = int(os.environ.get("MEGABYTES", "1024"))
ROW = 16 << 10
ROWS = (MEGABYTES << 20) // ROW
GOAL = FLOOR = 400
NUMBERS = f"WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
# The tables keep nothing: what is measured is the binlog, which has each row as of any other engine.
TABLES = ("plain", "packed", "random")
SCHEMA = "CREATE DATABASE big;" + "".join(
    f"CREATE TABLE big.{name} (id INT PRIMARY KEY, v {'LONGBLOB' if name == 'random' else 'LONGTEXT'}) ENGINE=BLACKHOLE;"
    for name in TABLES)
TEXT = f"REPEAT(SHA2(i, 256), {ROW // 64})"
# Random bytes stay as large as they are: the compressed event itself is a gigabyte then.
RANDOM = "CONCAT(" + ",".join(["RANDOM_BYTES(1024)"] * (ROW // 1024)) + ")"
KINDS = {
    "a transaction": ("plain", TEXT, "OFF"),
    "a compressed one": ("packed", TEXT, "ON"),
    "a compressed one that stays as large": ("random", RANDOM, "ON"),
}


def transaction(server, table, value, compression):
    """Commits one transaction in a binlog file of its own; returns the file and the bytes that it takes there."""
    file, empty = log_end(server, "FLUSH BINARY LOGS; ")
    sql(server, f"""SET cte_max_recursion_depth = {ROWS}, binlog_transaction_compression = {compression};
        INSERT INTO {table} {NUMBERS} SELECT i, {value} FROM n""", "big")
    sizes = {row[0]: int(row[1]) for row in sql(server, "SHOW BINARY LOGS")}
    return file, sizes[file] - empty


def log_end(server, before=""):
    """Returns the file that the server writes to, and how far that goes."""
    name, position = sql(server, before + "SHOW BINARY LOG STATUS")[0][:2]
    return name, int(position)


def source(server, include, start):
    return f"""
sources:
  - name: bench
    kind: mysql
    url: "mysql://root@127.0.0.1:{server['port']}"
    include: ["{include}"]
    start: "{start}"
    tls: {{ mode: disabled }}
data_dir: data
api: {{ listen: "127.0.0.1:0" }}
telemetry: {{ log: {{ level: error }} }}
"""


def watch(process):
    """Returns a list whose one item is the largest resident size of a process, in MB, until it ends."""
    peak = [0]

    def look():
        while process.poll() is None:
            try:
                peak[0] = max(peak[0], resident_megabytes(process.pid)[1])
            except (OSError, KeyError):
                pass
            time.sleep(0.05)

    looking = threading.Thread(target=look)
    looking.start()
    return peak, looking


def tail(workplace, server, table, file):
    """Reads a table's changes by `conftrail tail`; returns seconds and peak MB, and makes sure that every row came."""
    config = workplace.write("tail.yaml", source(server, f"big.{table}", f"file:{file}:4"))
    arguments = [PROGRAM, "tail", "-c", config, "--source", "bench", "--output", "maxwell", "-n", str(ROWS)]
    started = time.monotonic()
    process = workplace.start(arguments, stdout=subprocess.PIPE)
    peak, looking = watch(process)
    rows = 0
    for line in process.stdout:
        # The whole line is not JSON that Python should read a gigabyte of.
        head = line[:line.index(b'"v":"')]
        rows += 1
        if int(head[head.rindex(b'"id":') + 5:-1]) != rows or len(line) < ROW:
            sys.exit(f"row {rows} of {table} is missing, short or out of order")
    seconds = time.monotonic() - started
    looking.join()
    if process.returncode != 0 or rows != ROWS:
        sys.exit(f"{rows} of {ROWS} rows of {table}, exit code {process.returncode}")
    return seconds, peak[0]


def trail(workplace, server, files, count):
    """Takes transactions into the trail by `conftrail run`; returns seconds and peak MB."""
    config = workplace.write("conftrail.yaml", source(server, "big.*", f"file:{files[0]}:4"))
    started = time.monotonic()
    instance = Instance(workplace, config)
    peak, looking = watch(instance.process)
    wait("the trail to hold the transactions", lambda: instance.metric("conftrail_audit_events_total") >= count, 600)
    seconds = time.monotonic() - started
    instance.process.terminate()
    looking.join()
    return seconds, peak[0]


def main():
    print(f"machine: {machine()}\neach transaction: {ROWS:,} rows of {ROW >> 10} KiB", flush=True)
    fine = True
    with Workplace() as workplace:
        server = workplace.server("mysql", "--dir", workplace.path("mysql"), "--remove")
        sql(server, "SET PERSIST binlog_row_metadata=FULL")
        sql(server, SCHEMA)
        files = []
        for name, (table, value, compression) in KINDS.items():
            started = time.monotonic()
            file, size = transaction(server, table, value, compression)
            files.append(file)
            print(f"{name}: {size / (1 << 20):,.1f} MB in the binlog, written in {time.monotonic() - started:.0f} s", flush=True)
            if table == "packed":
                # Before the third is written: what stays large would fill the disk twice over.
                seconds, peak = trail(workplace, server, files, 2 * ROWS)
                print(f"run: {2 * ROWS:,} rows into the trail in {seconds:.0f} s")
                fine &= verdict("resident while run records both", peak, GOAL, FLOOR, "MB", higher_is_better=False)
            seconds, peak = tail(workplace, server, table, file)
            print(f"tail: {ROWS:,} rows in {seconds:.0f} s")
            fine &= verdict(f"resident while tail reads {name}", peak, GOAL, FLOOR, "MB", higher_is_better=False)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
