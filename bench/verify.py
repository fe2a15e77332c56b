"""Verification: `conftrail verify` over a trail that a running instance filled, beside it and after it."""

import json
import os
import subprocess
import sys
import time

EVENTS = int(os.environ.get("EVENTS", "1000000"))
# The backlog of the capture benchmark, in this size.
os.environ["CHANGES"] = str(EVENTS)

from capture import backlog, filled  # noqa: E402: it reads its size when it is loaded
from lib import PROGRAM, Workplace, machine, resident_megabytes, sql, verdict  # noqa: E402


def fill(workplace, server):
    """Returns an instance whose trail holds the backlog; prints what it took."""
    instance, seconds = filled(workplace, server)
    with open(f"/proc/{instance.process.pid}/stat") as stat:
        ticks = sum(int(field) for field in stat.read().rsplit(") ", 1)[1].split()[11:13])
    print(f"filled: {EVENTS / seconds:,.0f} events/s, "
          f"{1e6 * ticks / os.sysconf('SC_CLK_TCK') / EVENTS:.1f} µs of processor time an event", flush=True)
    return instance


def verify(workplace):
    """Returns the seconds, the processor seconds and the peak MB of one verification that finds nothing."""
    arguments = [PROGRAM, "verify", "-c", workplace.path("conftrail.yaml"), "--output", "json"]
    with open(workplace.path("report.json"), "w+b") as out:
        started = time.monotonic()
        child = subprocess.Popen(arguments, cwd=workplace.dir, stdout=out, stderr=subprocess.DEVNULL)
        ended, peak = 0, 0
        while not ended:
            try:
                peak = max(peak, resident_megabytes(child.pid)[1])
            except (FileNotFoundError, ProcessLookupError, KeyError):
                pass
            time.sleep(0.02)
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        report = json.loads(out.read() or b"{}")
    if child.returncode != 0 or report["size"] < EVENTS or not report["newest"]["agrees"]:
        sys.exit(f"verify failed with {child.returncode}: {report.get('findings')}")
    return seconds, used.ru_utime + used.ru_stime, peak


def main():
    print(f"machine: {machine()}\ntrail: {EVENTS:,} events of single-row changes with a JSON column", flush=True)
    with Workplace() as workplace:
        server = workplace.server("mysql", "--dir", workplace.path("mysql"), "--remove")
        sql(server, "SET PERSIST binlog_row_metadata=FULL")
        backlog(server)
        instance = fill(workplace, server)
        beside = verify(workplace)
        instance.process.terminate()
        instance.process.wait(60)
        size = os.path.getsize(os.path.join(instance.data, "trail.db"))
        print(f"trail.db: {size / EVENTS:,.0f} bytes an event")
        print(f"beside the running instance: {beside[0]:.2f} s")
        runs = [verify(workplace) for _ in range(3)]
        seconds, used, peak = (min(run[index] for run in runs) for index in range(3))
        print(f"verify: {1e6 * used / EVENTS:.2f} µs of processor time an event, {peak:.0f} MB at most")
        fine = verdict(f"verify of {EVENTS:,} events", seconds, 5, 10, "s", higher_is_better=False)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
