"""Servers, programs and figures for the benchmarks. Standard library only."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
PROGRAM = os.environ.get("CONFTRAIL_BIN", os.path.join(TARGET, "release", "conftrail"))


def machine():
    """Returns one line that says what the figures were taken on."""
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown CPU")
    with open("/proc/meminfo") as info:
        gigabytes = int(info.readline().split()[1]) // 1_048_576
    return f"{os.cpu_count()} cores of {model}, {gigabytes} GiB, Linux {platform.release()}"


class Workplace:
    """A temporary directory with its processes; both are gone at the end."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="conftrail-bench-")
        # For output whose disk is not what is measured.
        in_memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.memory = tempfile.mkdtemp(prefix="conftrail-bench-", dir=in_memory)
        self.processes = []
        return self

    def __exit__(self, *failure):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        for directory in (self.dir, self.memory):
            shutil.rmtree(directory, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def start(self, arguments, **options):
        process = subprocess.Popen(arguments, cwd=self.dir, **options)
        self.processes.append(process)
        return process

    def server(self, kind, *arguments):
        """Starts a script of .ci/servers and returns what it says of the server."""
        script = os.path.join(ROOT, ".ci", "servers", kind)
        process = self.start([script, "start", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{kind} did not start")
        return json.loads(line)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)


def sql(server, text, database=""):
    """Runs statements and returns the rows as lists of texts."""
    script = os.path.join(ROOT, ".ci", "servers", "mysql")
    arguments = [script, "client", "-h127.0.0.1", f"-P{server['port']}", "-uroot", "--batch", "-N", "--comments"]
    done = subprocess.run([*arguments, *([database] if database else [])], input=text.encode(), capture_output=True)
    if done.returncode != 0:
        sys.exit(f"SQL failed: {done.stderr.decode()}")
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def wait(what, probe, seconds=120):
    """Calls probe until it answers something, and returns that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.02)
    sys.exit(f"waited {seconds} s for {what}")


def resident_megabytes(pid):
    """Returns the present and the largest resident size of a process."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status if ":" in line)
    return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


class Instance:
    """A running conftrail with its API."""

    def __init__(self, workplace, config):
        self.data = workplace.path("data")
        log = open(workplace.path("run.log"), "ab")
        self.process = workplace.start([PROGRAM, "run", "-c", config], stderr=log)
        self.address = wait("conftrail to serve", self._address)
        with open(os.path.join(self.data, "local.token")) as file:
            self.token = file.read().strip()
        wait("the API to answer", lambda: self.get("/healthz", raw=True) is not None)

    def _address(self):
        if self.process.poll() is not None:
            sys.exit("conftrail ended at its start; see run.log")
        try:
            with open(os.path.join(self.data, "local.address")) as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    def get(self, path, raw=False):
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                body = response.read()
        except OSError:
            return None
        return body.decode() if raw else json.loads(body)

    def metric(self, name):
        """Returns the sum of a metric over its labels."""
        text = self.get("/metrics", raw=True) or ""
        lines = (line for line in text.splitlines() if line.startswith(name) and line[len(name)] in "{ ")
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def verdict(name, figure, goal, floor, unit, higher_is_better=True):
    """Prints a figure beside its goal and its floor; returns whether the floor holds."""
    good = (lambda bound: figure >= bound) if higher_is_better else (lambda bound: figure <= bound)
    word = "goal met" if good(goal) else "goal missed" if good(floor) else "BELOW THE FLOOR"
    print(f"{name}: {figure:,.1f} {unit} (goal {goal:,}, floor {floor:,}): {word}", flush=True)
    return good(floor)
