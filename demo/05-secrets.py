"""Secrets never leave the first stage in clear.

Random secrets are planted in many places of files, commits, rows, statements and questions, on MySQL and on MariaDB. First each
place is shown in the trail, masked; then every file that conftrail leaves behind, what is compressed in them, every mail, metric,
log line and output is searched for each of them.
"""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from planted import Plants, mask_of, random_token
from planted_documents import documents
from planted_statements import SCHEMA, load_data, on_mariadb, rows, statements
from program import Conftrail
from scene import play, random_secret, until
from servers import MariaDb, MySql, Smtp, raw_mail
from traces import Search

AT_LEAST = 80
RULES = """\
version: 1
name: demo
rules:
  - id: everything
    match: 'source.name:(app or orders-db or maria-db)'
    severity: warning
    group_by: [resource.id]
    annotations:
      summary: "{{actor.name}} changed {{resource.id}}: {{reason.message}}"
"""
CHANGED_AGAIN = ("app.yaml", "db.json", "broken.yaml")
# What `tail` is asked for beside the running instance, and what it prints last.
TAILS = {
    "files": (["--output", "json", "tail", "--watch", "{watched}"], '"limits"'),
    "mysql": (["--output", "json", "tail", "--source", "orders-db", "--with-query"], '"last"'),
    "maxwell": (["--output", "maxwell", "tail", "--source", "orders-db", "--with-query"], '"last"'),
}
QUESTIONS = (["log", "-p", "-n", "0"], ["--output", "json", "log", "-n", "0"], ["--output", "json", "current", "mysql:"],
             ["--output", "json", "current", "files:"], ["search", "*", "--facet", "resource.name,path,actor.name"], ["ledger"],
             ["dead-letters", "list"], ["check"], ["export"], ["export", "--format", "maxwell"])


def story(scene):
    for number in range(3 if scene.long else 1):
        scene.say(f"--- run {number + 1}")
        one_run(scene, str(number + 1))


def one_run(scene, run):
    plants = Plants()
    operator = {name: random_secret() for name in ("mail login", "MySQL login")}
    with ThreadPoolExecutor() as pool:
        mariadb = pool.submit(MariaDb, scene, "--binlog-format=ROW", name=f"mariadb-{run}")
        mysql = MySql(scene, "--binlog-rows-query-log-events=ON", "--binlog-row-metadata=FULL", "--local-infile=ON", name=f"mysql-{run}")
        mariadb = mariadb.result()
    mysql.run(SCHEMA + f"CREATE USER cdc@'%' IDENTIFIED BY '{operator['MySQL login']}'; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO cdc@'%';"
              "GRANT SELECT ON performance_schema.* TO cdc@'%'; GRANT SELECT ON shop.* TO cdc@'%';")
    mariadb.run(SCHEMA)
    sink = Smtp(scene, "--user", "conftrail", "--password", operator["mail login"], name=f"mails-{run}.jsonl")
    watched, shown = scene.path(f"app-{run}"), scene.path(f"shown-{run}")
    conftrail = Conftrail(scene, f"conftrail-{run}")
    configure(conftrail, mysql, mariadb, sink, watched, operator)
    git(watched, "init", "--quiet", f"--initial-branch=token-{plants.put('branch', random_token(), shown='nowhere')}")
    git(watched, "commit", "--quiet", "--allow-empty", "--message=first")
    conftrail.start()
    until("all sources to be read", lambda: ready_to_read(conftrail, (mysql, mariadb), watched), pause=1.5)

    tails = [tail(scene, conftrail, name, [part.format(watched=watched) for part in how]) for name, (how, _) in TAILS.items()]
    until("`tail` to have a position", lambda: all((conftrail.home / f"{name}.state").exists() for name in TAILS))
    plant(scene, conftrail, mysql, mariadb, watched, plants)
    question = f'"password={plants.around("question to the API", "", chr(34))}'
    conftrail.call("search", question)
    places = len(plants.shown)
    scene.claim(f"planted secrets: {places} places that the trail must show masked (at least {AT_LEAST}), {len(plants.places) - places} more",
                places >= AT_LEAST)
    wait_for_all(conftrail, sink)
    trail = shown_masked(scene, conftrail, plants)
    for name, (_, last) in TAILS.items():
        until(f"`tail` to print the changes of {name}", lambda name=name, last=last: last in (conftrail.home / f"{name}.jsonl").read_text(), 15)
    (shown / "metrics.txt").write_text(conftrail.get("/metrics") + conftrail.get("/healthz") + conftrail.get("/readyz"))
    answers = [conftrail.call(*command) for command in QUESTIONS]
    (shown / "answers.txt").write_text("".join(answer.stdout + answer.stderr for answer in answers))
    for child in tails:
        scene.end(child)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)

    found_where_planted(scene, (mysql, mariadb), watched, plants, question)
    hashes = account_hashes(mysql) + account_hashes(mariadb)
    search = Search(scene, [place.secret for place in plants.places] + list(operator.values()) + hashes)
    nothing_left(scene, search, conftrail, shown, sink, trail)
    for server in (mysql, mariadb):
        scene.end(server.child)
    sink.stop()


def configure(conftrail, mysql, mariadb, sink, watched, operator):
    (conftrail.home / "mail.password").write_text(operator["mail login"])
    (conftrail.home / "mysql.password").write_text(operator["MySQL login"])
    conftrail.configure(f"""\
- {{ name: app, kind: files, path: {watched}, interval: 200ms, exclude: [".git/**"] }}
- name: orders-db
  kind: mysql
  url: mysql://cdc@127.0.0.1:{mysql.port}
  password_file: {conftrail.home}/mysql.password
  include: ["shop.*"]
  with_query: true
  actor: {{ trust: ["root@%"] }}
- name: maria-db
  kind: mysql
  url: mysql://root@127.0.0.1:{mariadb.port}
  tls: {{ mode: disabled }}
  include: ["shop.*"]
  with_query: true""", RULES, f"""\
global:
  smtp_smarthost: 127.0.0.1:{sink.port}
  smtp_from: conftrail@example.com
  smtp_auth_username: conftrail
  smtp_auth_password_file: ../mail.password
  smtp_require_tls: false
route: {{ receiver: on-call, group_wait: 1s, group_interval: 2s }}
receivers: [{{ name: on-call, email_configs: [{{ to: oncall@example.com }}] }}]
""", 'mask: { columns: ["shop.users.phone"] }\ntelemetry: { log: { level: debug } }')


def ready_to_read(conftrail, servers, watched):
    """All sources have shown a change: all later ones count."""
    (watched / "first.yaml").write_text(f"n: {time.monotonic()}\n")
    for server in servers:
        server.run("REPLACE INTO shop.pairs VALUES (99, 'n', FLOOR(RAND() * 1e9))")
    wanted = ("name:first.yaml and action:update", "source.name:orders-db and group:pairs", "source.name:maria-db and group:pairs")
    return all(conftrail.count(query) for query in wanted)


def plant(scene, conftrail, mysql, mariadb, watched, plants):
    """Writes the files, commits some, changes some again, and runs the statements."""
    texts = documents(plants)
    for name, text in texts.items():
        (watched / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (watched / "committed.yaml").write_text(f"limit: 1\npassword: {plants.put('committed value')}\n")
    git(watched, "add", "committed.yaml")
    author = f"alice {plants.put('author of a commit', random_token())} <{plants.put('mail of an author', random_token())}@example.com>"
    message = (f"CHG-7: rotated, password={plants.put('commit message')}\n\nApproved-by: bob {plants.put('approver of a commit', random_token())}")
    git(watched, "commit", "--quiet", f"--author={author}", f"--message={message}")
    in_session(mysql, [*rows(plants), *statements(plants)])
    load_data(plants, mysql, scene.path("loaded"))
    in_session(mariadb, on_mariadb(plants))
    for server in (mysql, mariadb):
        server.run("UPDATE shop.users SET name='last' WHERE id=1")
    files = len(texts) + 1
    until("the files to be on record", lambda: conftrail.count("source.name:app and action:create and not name:first.yaml") == files)
    for name in CHANGED_AGAIN:
        text = (watched / name).read_text()
        (watched / name).write_text(text.replace("limit", "limits"))


def in_session(server, statements):
    session = server.session()
    for statement in statements:
        session.run(statement)
    session.close()


def wait_for_all(conftrail, sink):
    for source in ("orders-db", "maria-db"):
        until(f"the last change of {source}", lambda source=source: conftrail.count(f"source.name:{source} and after.name:last"), 40)
    for name in CHANGED_AGAIN:
        until(f"the second version of {name}", lambda name=name: conftrail.count(f"name:{name} and action:update"), 20)
    until("all alerts to be told", conftrail.settled, 60, 0.3)


def shown_masked(scene, conftrail, plants):
    """Every place's mask stands in the trail: by name, as the 12 digits in a resource's name, or as that of the hash that a
    server itself wrote in the place of an account's password. Returns the trail."""
    events = conftrail.events() + conftrail.events("source.kind:conftrail")
    trail = json.dumps(events, ensure_ascii=False)
    (scene.directory / "trail.json").write_text(trail)
    key = (conftrail.data / "mask.key").read_text()
    scene.equal("`conftrail mask hash` says what HMAC says here", conftrail.mask("geheim"), mask_of(key, "geheim"))
    accounts = {(event["source"]["name"], event["resource"]["name"]) for event in events
                if event["action"] == "access" and "hmac-sha256:" in event["detail"]["text"]}
    parts = []
    for place in plants.shown:
        if place.shown == "account":
            source = "maria-db" if place.name.startswith("MariaDB") else "orders-db"
            parts.append((place.name, (source, place.masked) in accounts))
            continue
        # Only the program takes a private key's indentation off.
        mask = conftrail.mask(place.masked) if place.masked.startswith("-----") else mask_of(key, place.masked)
        parts.append((place.name, (f"~{mask.rsplit(':', 1)[1]}" if place.shown == "key" else mask) in trail))
    scene.all_of("planted places that the trail shows as masked", parts)
    return events


def nothing_left(scene, search, conftrail, shown, sink, trail):
    # The installation's own password files hold the operator's secrets, and only those.
    own = [conftrail.home / "mail.password", conftrail.home / "mysql.password"]
    places = search.below(conftrail.home, besides=own) + search.below(shown)
    scene.claim(f"files that hold one of the {len(set(search.secret_of.values()))} secrets: data, logs, state, metrics, answers", not places, places[:20])
    # The search reads what is compressed: it sees each event whole.
    unpacked = search.content(conftrail.data / "trail.db")
    ids = {event["id"] for event in trail}
    seen = sum(f'"id":"{id}"'.encode() in unpacked for id in ids)
    scene.equal("events that the same search reads in the database file", seen, len(ids))
    mails = sink.mails()
    leaks = search(b"\n".join(raw_mail(mail) + json.dumps(mail, ensure_ascii=False).encode() for mail in mails))
    scene.claim(f"mails that hold one of them: 0 of {len(mails)}", not leaks and mails, sorted(leaks))


def found_where_planted(scene, servers, watched, plants, question):
    """The search itself works: the secrets are found where they were planted."""
    everything = [path.read_bytes() for path in watched.iterdir() if path.is_file()]
    everything += [path.name.encode() for path in watched.iterdir()]
    everything.append(subprocess.run(["git", "-C", watched, "log", "--decorate"], capture_output=True, check=True).stdout)
    everything += [path.read_bytes() for server in servers for path in server.ca.parent.glob("*bin*.0*")]
    search = Search(scene, [place.written for place in plants.places])
    found = search(b"\n".join([*everything, question.encode()]))
    # An account's password never comes into the log of a server.
    parts = [(place.name, place.written in found) for place in plants.places if place.shown != "account"]
    scene.all_of("the same search finds the secrets where they were planted", parts)


def account_hashes(server):
    """What stands in the binlog for the passwords of new accounts; bytes that no text holds are cut off."""
    column, table = ("JSON_VALUE(priv, '$.authentication_string')", "global_priv") if isinstance(server, MariaDb) else ("authentication_string", "user")
    stored = server.run(f"SELECT HEX({column}) FROM mysql.{table} WHERE user IN ('ann', 'bob', 'eve')")
    return [bytes.fromhex(one)[-40:].decode() for one in stored]


def tail(scene, conftrail, name, arguments):
    """`conftrail tail` beside the running instance, with its position in a state file."""
    state, out = conftrail.home / f"{name}.state", open(conftrail.home / f"{name}.jsonl", "wb")
    error = open(conftrail.home / f"{name}.stderr", "wb")
    with out, error:
        return scene.spawn(conftrail.command(*arguments, "--state", state), stdout=out, stderr=error, stdin=subprocess.DEVNULL, cwd=conftrail.home)


def git(directory, *arguments):
    identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", directory, *identity, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    play("05-secrets", story)
