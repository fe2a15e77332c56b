"""A viewer's token with a row filter sees its rows and nothing else, by every command and every path of the API; it is
refused where it must be; and each reading stands in conftrail's own audit."""

import csv
import io
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

from program import Conftrail
from scene import play, until

CLASSIFY = """
classify:
  - { match: "files:app/pay/**", env: prod, service: pay }
  - { match: "files:app/**", env: staging, service: ops }
"""
RULES = """
version: 1
name: demo
rules:
  - { id: any-file, match: 'source.name:app and action:(create or update)', group_by: [resource.id] }
"""
MINE, OTHER = "files:app/pay/", "files:app/ops/"


class Reader:
    """One token: its commands and its requests."""

    def __init__(self, conftrail, name, role, row_filter=None):
        self.conftrail, self.name = conftrail, name
        extra = ["--filter", row_filter] if row_filter else []
        made = conftrail.ask("token", "create", name, "--role", role, *extra)[0]
        self.secret = made["secret"]
        self.file = conftrail.home / f"{name}.token"
        self.file.write_text(self.secret)
        self.url = (conftrail.data / "local.address").read_text().strip()

    def call(self, *arguments, **options):
        """Runs a command with this token; what comes back has stdout, stderr and the exit code."""
        return self.conftrail.call(*arguments, "--url", self.url, "--token-file", self.file, **options)

    def get(self, path, method="GET", body=None, headers=None):
        """Asks the API and returns the status and the text."""
        headers = {"Authorization": f"Bearer {self.secret}", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


def story(scene):
    conftrail = Conftrail(scene)
    watched = scene.path("app")
    for part in ("pay", "ops"):
        (watched / part).mkdir()
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}", rules=RULES, more=CLASSIFY)
    conftrail.start()
    until("the files to be read", lambda: conftrail.reads("app"))
    rounds = 40 if scene.long else 4
    for number in range(rounds):
        for part in ("pay", "ops"):
            (watched / part / f"{number % 4}.yaml").write_text(f"limit: {number}\nname: {part} {number}\n")
        until("the edits to be recorded", lambda: conftrail.count("source.name:app") >= 2 * (number + 1), 60)
    viewer = Reader(conftrail, "pay", "viewer", "service:pay")
    operator = Reader(conftrail, "pay-operator", "operator", "service:pay")
    auditor = Reader(conftrail, "auditor", "auditor")
    events = conftrail.events("source.name:app")
    mine = [event for event in events if event["resource"]["service"] == "pay"]
    others = [event for event in events if event["resource"]["service"] != "pay"]
    scene.claim(f"the trail has {len(mine)} events of pay and {len(others)} of others", len(mine) == len(others) == rounds)
    commands(scene, viewer, mine, others)
    online_and_offline(scene, conftrail, viewer, mine[0])
    followed(scene, viewer, watched)
    every_path(scene, conftrail, viewer, operator, mine, others)
    refused(scene, viewer, auditor)
    audited(scene, auditor)


def tells_of_others(text, others):
    """What an output tells of events that the token may not see."""
    words = {OTHER, *(event["id"] for event in others), *(event["resource"]["id"] for event in others)}
    return sorted(word for word in words if word in text)


def commands(scene, viewer, mine, others):
    own, foreign = mine[0], others[0]
    resource, theirs = own["resource"]["id"], foreign["resource"]["id"]
    actor = own["actor"].get("name", "nobody")
    asked = [
        ("log", ["log", "-n", "0"]), ("log -p", ["log", "-p", "--all"]), ("search", ["search", "*", "--all"]),
        ("search or", ["search", "* or service:ops", "--all"]), ("search not", ["search", "not service:pay", "--all"]),
        ("facets", ["search", "*", "--facet", "service,resource.id", "--histogram", "1d"]),
        ("show", ["show", own["id"]]), ("diff", ["diff", own["id"]]), ("timeline", ["timeline", resource, "-p"]),
        ("current", ["current", "files:"]), ("at", ["at", "1m", "files:"]), ("blame", ["blame", resource]),
        ("who", ["who", actor]), ("trail", ["trail", own["id"]]), ("export jsonl", ["export"]),
        ("export csv", ["export", "--format", "csv"]), ("export of all", ["export", "*"]),
    ]
    held = []
    for name, arguments in asked:
        for form in ("text", "json"):
            done = viewer.call("--output", form, *arguments)
            told = tells_of_others(done.stdout + done.stderr, others)
            held.append((f"{name} ({form})", done.returncode == 0 and not told, told or done.stderr))
    scene.all_of("every command shows the token its own rows and tells of no other", held)
    listed = [json.loads(line)["id"] for line in viewer.call("--output", "json", "search", "*", "--all").stdout.splitlines()]
    scene.claim("a search for everything finds exactly its rows", sorted(listed) == sorted(event["id"] for event in mine), listed)
    counted = json.loads(viewer.call("--output", "json", "search", "*", "--facet", "service", "--histogram", "1h").stdout)
    slices = sum(bucket["count"] for bucket in counted["histogram"]["buckets"])
    scene.claim("counts, facets and histogram are of its rows alone",
                counted["total"] == slices == len(mine) and counted["facets"][0]["buckets"] == [{"key": "pay", "count": len(mine)}], counted)
    rows = list(csv.DictReader(io.StringIO(viewer.call("export", "--format", "csv").stdout)))
    scene.claim("the CSV has a row for each change of its rows, with the columns of the documentation",
                len(rows) >= len(mine) and {row["resource.service"] for row in rows} == {"pay"} and "changes.path" in rows[0], rows[:2])
    hidden = [("show", ["show", foreign["id"]]), ("diff", ["diff", foreign["id"]]), ("trail", ["trail", foreign["id"]]), ("blame", ["blame", theirs])]
    held = []
    for name, arguments in hidden:
        there, absent = viewer.call(*arguments), viewer.call(*arguments[:-1], "01ARZ3NDEKTSV4RRFFQ69G5FAV" if name != "blame" else "files:app/none")
        same = there.stderr.replace(arguments[-1], "") == absent.stderr.replace("01ARZ3NDEKTSV4RRFFQ69G5FAV", "").replace("files:app/none", "")
        held.append((name, there.returncode == absent.returncode == 1 and same and not there.stdout, there.stderr))
    scene.all_of("what is not its own is answered as if it were not there", held)


def online_and_offline(scene, conftrail, viewer, own):
    """One reader port: an answer does not depend on how it is read."""
    local = [("search", ["search", "source.name:app", "--all"]), ("blame", ["blame", own["resource"]["id"]]),
             ("trail", ["trail", own["id"]]), ("who", ["who", own["actor"].get("name", "nobody")]),
             ("csv", ["export", "source.name:app", "--format", "csv"]), ("facets", ["search", "source.name:app", "--facet", "action,service", "--histogram", "1d"])]
    held = []
    for name, arguments in local:
        for language in ("en", "zh"):
            options = ["--lang", language, "--tz", "Asia/Shanghai"]
            online, offline = conftrail.call(*options, *arguments), conftrail.call(*options, *arguments, "--offline")
            held.append((f"{name} {language}", online.returncode == 0 and online.stdout == offline.stdout != "", online.stderr))
    scene.all_of("online and offline print the same, in English and Chinese", held)


def followed(scene, viewer, watched):
    """Server-sent events, cut off and taken up again."""
    told, places = [], []

    def follow(last, wanted):
        headers = {"Authorization": f"Bearer {viewer.secret}", "Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        asked = urllib.request.Request(viewer.url + "/api/v1/events/tail", headers=headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            place = None
            ready.set()
            while len(told) < wanted:
                line = answer.readline().decode().strip()
                if line.startswith("id:"):
                    place = line[3:].strip()
                elif line.startswith("data:"):
                    told.append(json.loads(line[5:])["resource"]["id"])
                    places.append(place)
                elif not line and place:
                    places.append(place)

    numbers = range(1000, 1006)
    for begin, end in ((0, 3), (3, 6)):
        ready = threading.Event()
        thread = threading.Thread(target=follow, args=(places[-1] if places else None, end), daemon=True)
        if begin == 0:
            thread.start()
            ready.wait(10)
            until("the stream to say where it begins", lambda: places)
        for number in numbers[begin:end]:
            for part in ("ops", "pay"):
                (watched / part / f"{number}.yaml").write_text(f"limit: {number}\n")
        if begin:
            # What came while nobody listened is told, too.
            until("the edits to be recorded", lambda: viewer.conftrail.count("resource.name:1005.yaml") >= 2)
            thread.start()
        thread.join(20)
    scene.equal("followed across a cut: each of its new rows once, none of the others",
                sorted(told), sorted(f"{MINE}{number}.yaml" for number in numbers))


def every_path(scene, conftrail, viewer, operator, mine, others):
    """Every documented path, by the document that the instance serves."""
    paths = json.loads(conftrail.get("/api/v1/openapi.json"))["paths"]
    own = mine[0]
    values = {"resource": own["resource"]["id"], "at": "2037-01-01", "actor": own["actor"].get("name", "nobody"), "id": own["id"],
              "state": "queued", "name": "none"}
    held, asked = [], 0
    for path, operations in sorted(paths.items()):
        for method, operation in operations.items():
            if "x-role" not in operation:
                continue
            needed = {one["name"]: values[one["name"]] for one in operation.get("parameters", []) if one["required"]}
            inner = path
            for name in list(needed):
                if "{" + name + "}" in inner:
                    inner = inner.replace("{" + name + "}", urllib.parse.quote(needed.pop(name), safe=""))
            url = inner + ("?" + urllib.parse.urlencode(needed) if needed else "")
            body = {} if method == "post" else None
            for reader, role in ((viewer, "viewer"), (operator, "operator")):
                status, text = reader.get(url, method.upper(), body)
                roles = ["viewer", "operator", "auditor", "admin"]
                must_refuse = roles.index(role) < roles.index(operation["x-role"]) or not operation["x-row-filter"]
                told = tells_of_others(text, others)
                held.append((f"{method} {url} as {role}", (status == 403) == must_refuse and not told, (status, told)))
                asked += 1
    scene.all_of(f"every path of the API ({asked} requests by two roles): its rows only, and 403 where it must be", held)
    alerts = [json.loads(reader.get("/api/v1/alerts?limit=1000")[1])["alerts"] for reader in (viewer, operator)]
    seen = [{alert["labels"].get("resource_id", "") for alert in listed} for listed in alerts]
    scene.claim("alerts with evidence are those of its rows", all(found and all(name.startswith(MINE) for name in found) for found in seen), seen)


def refused(scene, viewer, auditor):
    status, said = viewer.get("/api/v1/current?prefix=conftrail:")
    scene.claim("conftrail's own audit is refused to a viewer", status == 403 and "auditor" in said, said)
    status, _ = auditor.get("/api/v1/tokens")
    scene.equal("tokens are refused to an auditor", status, 403)
    done = viewer.call("token", "create", "more", "--role", "viewer")
    scene.claim("a viewer makes no token", done.returncode == 1 and "403" in done.stderr, done.stderr)
    status, first = auditor.get("/api/v1/events?limit=1")
    cursor = json.loads(first)["next"]
    status, said = viewer.get(f"/api/v1/events?limit=1&cursor={cursor}")
    scene.claim("a cursor of another query is refused in a clear sentence", status == 400 and "another query" in said, said)
    statuses = [viewer.get("/api/v1/events?limit=1")[0] for _ in range(900)]
    status, _ = auditor.get("/api/v1/events?limit=1")
    scene.claim(f"a token that asks too often is put off ({statuses.count(429)} of {len(statuses)}), another is not", 429 in statuses and status == 200)


def audited(scene, auditor):
    """What the viewer read stands in the own audit, with the number of rows."""

    def readings():
        done = auditor.call("--output", "json", "search", "source.kind:conftrail and kind:view and actor:pay", "--all")
        return [json.loads(line) for line in done.stdout.splitlines()]

    wanted = {"search", "event", "timeline", "current", "state", "aggregate", "blame", "activity", "trail", "alerts", "tail", "proof"}
    found = until("the readings to be on record", lambda: (lambda read: read if wanted <= {one["resource"]["name"] for one in read} else None)(readings()))
    scene.claim(f"each kind of reading by the viewer stands in the own audit: {', '.join(sorted(wanted))}", bool(found))
    complete = [(one["id"], {"of", "rows"} <= set(one["after"]) and isinstance(one["after"]["rows"], int), one["after"]) for one in found]
    scene.all_of("each says who, what was asked and how many rows", complete)
    exact = [one["after"] for one in found if one["resource"]["name"] == "search" and "kind:view" in one["after"]["of"]]
    scene.claim("the query is there as it was asked", bool(exact), [one["after"] for one in found][:5])


if __name__ == "__main__":
    play("16-who-may-see-what", story)
