"""Secrets never leave the first stage in clear.

Random secrets are planted in dozens of places of files, commits, rows and statements. First each place is shown in the
trail, masked; then every file that conftrail leaves behind, every mail, metric and log line is searched for each of them.
"""

import json
import subprocess
import time

from planted import SCHEMA, Plants, documents, statements
from program import Conftrail
from scene import play, random_secret, until
from servers import MySql, Smtp, raw_mail
from traces import places_of, spellings

AT_LEAST = 40
RULES = """\
version: 1
name: demo
rules:
  - id: everything
    match: 'source.name:(app or orders-db)'
    severity: warning
    group_by: [resource.id]
    annotations:
      summary: "{{actor.name}} changed {{resource.id}}: {{reason.message}}"
"""


def story(scene):
    for number in range(3 if scene.long else 1):
        scene.say(f"--- run {number + 1}")
        one_run(scene, str(number + 1))


def one_run(scene, run):
    plants = Plants()
    operator = {name: random_secret() for name in ("mail login", "MySQL login")}
    server = MySql(scene, "--binlog-rows-query-log-events=ON", "--binlog-row-metadata=FULL", name=f"mysql-{run}")
    server.run(SCHEMA + f"CREATE USER cdc@'%' IDENTIFIED BY '{operator['MySQL login']}'; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO cdc@'%';"
               "GRANT SELECT ON performance_schema.* TO cdc@'%'; GRANT SELECT ON shop.* TO cdc@'%';")
    sink = Smtp(scene, "--user", "conftrail", "--password", operator["mail login"], name=f"mails-{run}.jsonl")
    watched = scene.path(f"app-{run}")
    conftrail = Conftrail(scene, f"conftrail-{run}")
    configure(conftrail, server, sink, watched, operator)
    git(watched, "init", "--quiet", "--initial-branch=main")
    git(watched, "commit", "--quiet", "--allow-empty", "--message=first")
    conftrail.start()
    until("both sources to be read", lambda: ready_to_read(conftrail, server, watched), pause=1.5)

    tails = [tail(scene, conftrail, "files", "--watch", watched), tail(scene, conftrail, "mysql", "--source", "orders-db", "--with-query")]
    until("`tail` to have a position", lambda: all((conftrail.home / f"{name}.state").exists() for name in ("files", "mysql")))
    plant(conftrail, server, watched, plants)
    edits = len(plants.places)
    scene.claim(f"planted secrets: {edits} places (at least {AT_LEAST})", edits >= AT_LEAST)
    wait_for_all(scene, conftrail, server, sink)
    shown_masked(scene, conftrail, plants, server)
    for name, last in (("files", '"limits"'), ("mysql", '"last"')):
        until(f"`tail` to print the changes of {name}", lambda: last in (conftrail.home / f"{name}.jsonl").read_text(), 15)
    metrics = conftrail.get("/metrics") + conftrail.get("/healthz") + conftrail.get("/readyz")
    answers = "".join(conftrail.call(*command).stdout for command in (
        ["log", "-p", "-n", "0"], ["--output", "json", "log", "-n", "0"], ["--output", "json", "current", "mysql:"],
        ["--output", "json", "current", "files:"], ["search", "*", "--facet", "resource.name,path,actor.name"], ["ledger"], ["dead-letters", "list"]))
    for child in tails:
        scene.end(child)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)

    (scene.path(f"shown-{run}") / "metrics.txt").write_text(metrics)
    (scene.path(f"shown-{run}") / "answers.txt").write_text(answers)
    clear = [place.secret for place in plants.places]
    found_where_planted(scene, server, watched, plants)
    everywhere = clear + list(operator.values()) + account_hashes(server)
    # The installation's own password files hold the operator's secrets, and only those.
    own = [conftrail.home / "mail.password", conftrail.home / "mysql.password"]
    places = places_of(conftrail.home, everywhere, besides=own) + places_of(scene.path(f"shown-{run}"), everywhere)
    scene.claim(f"files that hold one of the {len(everywhere)} secrets: data, logs, state, metrics, answers", not places, places[:20])
    mails = sink.mails()
    texts = b"\n".join(raw_mail(mail) + json.dumps(mail, ensure_ascii=False).encode() for mail in mails)
    leaks = [secret for secret in everywhere if any(form in texts for form in spellings(secret))]
    scene.claim(f"mails that hold one of them: 0 of {len(mails)}", not leaks and mails, leaks)
    scene.end(server.child)
    sink.stop()


def configure(conftrail, server, sink, watched, operator):
    (conftrail.home / "mail.password").write_text(operator["mail login"])
    (conftrail.home / "mysql.password").write_text(operator["MySQL login"])
    conftrail.configure(f"""\
- {{ name: app, kind: files, path: {watched}, interval: 200ms, exclude: [".git/**"] }}
- name: orders-db
  kind: mysql
  url: mysql://cdc@127.0.0.1:{server.port}
  password_file: {conftrail.home}/mysql.password
  include: ["shop.*"]
  with_query: true
  actor: {{ trust: ["root@%"] }}""", RULES, f"""\
global:
  smtp_smarthost: 127.0.0.1:{sink.port}
  smtp_from: conftrail@example.com
  smtp_auth_username: conftrail
  smtp_auth_password_file: ../mail.password
  smtp_require_tls: false
route: {{ receiver: on-call, group_wait: 1s, group_interval: 2s }}
receivers: [{{ name: on-call, email_configs: [{{ to: oncall@example.com }}] }}]
""", 'mask: { columns: ["shop.users.phone"] }\ntelemetry: { log: { level: debug } }')


def ready_to_read(conftrail, server, watched):
    """Both sources have shown a change: all later ones count."""
    (watched / "first.yaml").write_text(f"n: {time.monotonic()}\n")
    server.run("REPLACE INTO shop.pairs VALUES (99, 'n', FLOOR(RAND() * 1e9))")
    return conftrail.count("name:first.yaml and action:update") and conftrail.count("group:pairs")


def plant(conftrail, server, watched, plants):
    """Writes the files, commits them with a secret in the message, changes them again, and runs the statements."""
    texts = documents(plants)
    for name, text in texts.items():
        (watched / name).write_text(text)
    message = f"CHG-7: rotated, password={plants.put('commit message')}"
    (watched / "committed.yaml").write_text(f"limit: 1\npassword: {plants.put('committed value')}\n")
    git(watched, "add", "committed.yaml")
    git(watched, "commit", "--quiet", f"--message={message}")
    session = server.session()
    for statement in statements(plants):
        session.run(statement)
    session.run("UPDATE shop.users SET name='last' WHERE id=1")
    session.close()
    until("the files to be on record", lambda: all(conftrail.count(f"name:{name} and action:create") for name in [*texts, "committed.yaml"]))
    for name in ("app.yaml", "db.json", "broken.yaml"):
        text = (watched / name).read_text()
        (watched / name).write_text(text.replace("limit", "limits"))


def wait_for_all(scene, conftrail, server, sink):
    until("the last row change to be on record", lambda: conftrail.count("after.name:last"), 40)
    for name in ("app.yaml", "db.json", "broken.yaml"):
        until(f"the second version of {name}", lambda: conftrail.count(f"name:{name} and action:update"), 20)
    until("all alerts to be told", conftrail.settled, 40, 0.3)


def shown_masked(scene, conftrail, plants, server):
    """Every place's mask stands in the trail. A masked key column shows the 12 digits of its mask in the resource's name."""
    trail = json.dumps(conftrail.events(), ensure_ascii=False)
    (scene.directory / "trail.json").write_text(trail)
    parts = []
    for place in plants.places:
        if place.name == "CREATE USER":
            continue  # the server itself writes a hash in its place; see account_hashes
        mask = conftrail.mask(place.masked)
        wanted = f"~{mask.rsplit(':', 1)[1]}" if place.name == "key column" else mask
        parts.append((place.name, wanted in trail))
    account = conftrail.events("action:access")
    parts.append(("CREATE USER", any("hmac-sha256:" in json.dumps(event) for event in account)))
    scene.all_of("planted places that the trail shows as masked", parts)


def found_where_planted(scene, server, watched, plants):
    """The search itself works: it finds the secrets where they were planted."""
    pages = b"".join(path.read_bytes() for path in watched.iterdir() if path.is_file())
    log = subprocess.run(["git", "-C", watched, "log"], capture_output=True, check=True).stdout
    binlog = b"".join(path.read_bytes() for path in (server.ca.parent).glob("binlog.0*"))
    everything = pages.replace(b"\\\n    ", b"") + log + binlog
    parts = [(place.name, place.secret.encode() in everything) for place in plants.places if place.name != "CREATE USER"]
    scene.all_of("the same search finds the secrets where they were planted", parts)


def account_hashes(server):
    """What stands in the binlog for a new account's password; bytes that no text holds are cut off."""
    stored = server.run("SELECT HEX(authentication_string) FROM mysql.user WHERE user = 'bob'")[0]
    return [bytes.fromhex(stored)[-43:].decode()]


def tail(scene, conftrail, name, *arguments):
    """`conftrail tail` beside the running instance, with its position in a state file."""
    state, out = conftrail.home / f"{name}.state", open(conftrail.home / f"{name}.jsonl", "wb")
    error = open(conftrail.home / f"{name}.stderr", "wb")
    with out, error:
        return scene.spawn(conftrail.command("--output", "json", "tail", *arguments, "--state", state), stdout=out, stderr=error,
                           stdin=subprocess.DEVNULL, cwd=conftrail.home)


def git(directory, *arguments):
    identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", directory, *identity, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    play("05-secrets", story)
