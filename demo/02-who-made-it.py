"""Who changed a row, and how that is known, on a real MySQL and a real MariaDB.

From `conftrail init` to the mail, as an operator types it; then a table of what is known (a comment, a login, a session
that is gone) by whether the operator trusts the login, with the server's default row metadata and with the full one; then what
can be forged (a time, a comment, a context row, a session's number), forged on both servers.
"""

import re
import subprocess

import forged
from program import PROGRAM, Conftrail, mail_routing
from scene import play, until
from servers import MariaDb, MySql, Smtp
from who import COMMENT, vanish, who

SCHEMA = """
CREATE DATABASE shop;
CREATE TABLE shop.flags (id INT PRIMARY KEY, v INT NOT NULL, note VARCHAR(40));
INSERT INTO shop.flags SELECT n, 100, NULL FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 99) SELECT n FROM s) numbers;
CREATE USER app@'%' IDENTIFIED BY 'app-login'; GRANT ALL ON shop.* TO app@'%';
CREATE USER eve@'%' IDENTIFIED BY 'eve-login'; GRANT ALL ON shop.* TO eve@'%';
"""
PASSWORDS = {"app": "app-login", "eve": "eve-login"}
RULES = """\
version: 1
name: demo
rules:
  - id: flag-changed
    match: 'group:flags and path:v'
    severity: warning
    group_by: [resource.id]
"""
# `app` is trusted, `eve` is not.
LOGIN = {"app": "app@127.0.0.1", "eve": "eve@127.0.0.1"}


def expected(session, comment, login):
    """What an event must say: name, binding, authority, login, what is only claimed, ticket, flags."""
    claim = ["alice", "CHG-1"] if comment else None
    if session == "gone":
        return [None, "none", "claimed" if comment else "none", None, claim, None, ["login_unknown"]]
    if comment and login == "app":
        return ["alice", "exact", "asserted", LOGIN[login], None, "CHG-1", []]
    return [login, "exact", "authenticated", LOGIN[login], claim, None, ["untrusted_claim"] if comment else []]


def story(scene):
    server = MySql(scene, "--binlog-row-metadata=MINIMAL", "--binlog-rows-query-log-events=OFF")
    server.run(SCHEMA + forged.SCHEMA + "GRANT SESSION_VARIABLES_ADMIN ON *.* TO mallory@'%'")
    sink = Smtp(scene)
    conftrail = Conftrail(scene)
    as_an_operator(scene, server, sink, conftrail)
    headline(scene, server, sink, conftrail)
    table(scene, server, conftrail, "MINIMAL")
    server.run("SET GLOBAL binlog_row_metadata = 'FULL'")
    table(scene, server, conftrail, "FULL")
    forged.table(scene, server, conftrail, forged.on_mysql, forged_time=False)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)
    on_mariadb(scene)


def on_mariadb(scene):
    """The same forgeries where rows tell no login, and with a clock that any session can set."""
    server = MariaDb(scene, "--binlog-format=ROW", "--secure-timestamp=NO", name="mariadb")
    server.run("CREATE DATABASE shop; CREATE USER app@'%' IDENTIFIED BY 'app-login'; GRANT ALL ON shop.* TO app@'%'; "
               "CREATE USER eve@'%' IDENTIFIED BY 'eve-login'; GRANT ALL ON shop.* TO eve@'%'")
    server.run(forged.SCHEMA + "GRANT BINLOG REPLAY ON *.* TO mallory@'%'")
    conftrail = Conftrail(scene, "conftrail-mariadb")
    conftrail.configure(f'''- name: shop
  kind: mysql
  url: mysql://root@127.0.0.1:{server.port}
  tls: {{ mode: disabled }}
  include: ["shop.*"]
  actor: {{ trust: ["app@127.0.0.%"], columns: [updated_by] }}''')
    conftrail.start()
    until("the source to read", lambda: conftrail.reads("shop"))
    forged.table(scene, server, conftrail, forged.on_mariadb, forged_time=True)
    scene.equal("exit code after SIGTERM, on MariaDB", conftrail.stop(), 0)


def as_an_operator(scene, server, sink, conftrail):
    """`conftrail init --mysql … > conftrail.yaml && conftrail check && conftrail run`."""
    url = f"mysql://root@127.0.0.1:{server.port}"
    done = subprocess.run([PROGRAM, "init", "--mysql", url], capture_output=True, text=True, timeout=60, cwd=conftrail.home)
    scene.claim("`conftrail init --mysql` prints a configuration that names the schema", done.returncode == 0 and "shop." in done.stdout,
                done.stdout + done.stderr)
    conftrail.config.write_text(done.stdout)
    checked = conftrail.call("check")
    line = re.search(r"^\s*(SET PERSIST binlog_rows_query_log_events\s*=\s*\w+;?)", checked.stdout, re.M)
    scene.claim("without query events `check` prints the line that turns them on", line, checked.stdout + checked.stderr)
    scene.equal("exit code of `check`: it would work, with less", checked.returncode, 0)
    if line:
        server.run(line[1])
        again = conftrail.call("check").stdout
        scene.claim("that line, pasted into the server, settles it", "SET PERSIST binlog_rows_query_log_events" not in again, again)
    settle(conftrail, sink)
    conftrail.start()


def settle(conftrail, sink):
    """What an operator adds to the printed configuration: whom to trust, whom to tell."""
    text = conftrail.config.read_text()
    trusted = re.sub(r"^(\s*)#?\s*actor:.*$", r'\1actor: { trust: ["app@127.0.0.%"], columns: [updated_by] }', text, count=1, flags=re.M)
    if trusted == text:
        trusted = re.sub(r"^(\s*)include:", r'\1actor: { trust: ["app@127.0.0.%"], columns: [updated_by] }\n\1include:', text, count=1, flags=re.M)
    trusted = re.sub(r"^(api|rules):.*\n(?:[ \t]+.*\n)*", "", trusted, flags=re.M)
    (conftrail.home / "rules").mkdir(exist_ok=True)
    (conftrail.home / "rules" / "routing.yaml").write_text(mail_routing(sink.port))
    (conftrail.home / "rules" / "demo.yaml").write_text(RULES)
    conftrail.config.write_text(trusted + '\nrules: { dir: rules, routing: rules/routing.yaml }\napi: { listen: "127.0.0.1:0" }\n')
    data = re.search(r"^data_dir:\s*(\S+)", trusted, re.M)
    conftrail.data = conftrail.home / (data[1].strip("\"'") if data else "conftrail-data")


def headline(scene, server, sink, conftrail):
    """The change of the README: an application's session that stays open, a comment that names a person."""
    application = server.session("app", PASSWORDS["app"])
    warm_up(application, conftrail)
    application.run(f"update shop.flags set v=500 where id=42 {COMMENT}")
    until("the change to be on record", lambda: conftrail.count("name:42 and after.v:500"))
    shown = conftrail.call("log", "name:42", "-n", "1", "-p").stdout
    scene.all_of("`conftrail log -n 1 -p` shows who, how known, the ticket and the diff",
                 [(wanted, wanted in shown, shown) for wanted in ("alice (asserted, comment)", "CHG-1", "v: 100 → 500")])
    event = conftrail.ask("log", "name:42", "-n", 1)[0]
    change = event["changes"][0]
    found = [event["actor"]["name"], event["actor"]["binding"], event["actor"]["authority"], event["actor"]["via"],
             event["reason"]["ticket"], change["path"], change["before"], change["after"]]
    scene.equal("the same as JSON", found, ["alice", "exact", "asserted", "comment", "CHG-1", "v", 100, 500])
    mail = until("the mail", lambda: next((mail for mail in sink.mails() if "flags/42" in mail["text"]), None))
    for kind in ("text", "html"):
        said = mail[kind].replace("&#x27;", "'")
        scene.all_of(f"the mail says the same, as {kind}",
                     [(wanted, re.search(wanted, said), said) for wanted in ("alice", "CHG-1", "trusted application", r"\bv\b", "100", "500")])
    application.close()


def warm_up(session, conftrail):
    """The source starts at the end of the binlog: changes count once one of them was seen."""
    def seen():
        session.run("update shop.flags set v=v+1 where id=99")
        return conftrail.count("name:99")
    until("the source to read", seen, pause=0.3)


def table(scene, server, conftrail, metadata):
    """Every cell is an update of a row of its own."""
    cells, base = [], 10 if metadata == "MINIMAL" else 50
    for number, (session, comment, login) in enumerate((session, comment, login) for session in ("open", "gone")
                                                       for comment in (True, False) for login in ("app", "eve")):
        cells.append((session, comment, login, base + number))
    still_open = []
    for session, comment, login, row in cells:
        statement = f"update shop.flags set v=v+{row} where id={row} {COMMENT if comment else ''}"
        if session == "open":
            still_open.append(server.session(login, PASSWORDS[login]))
            still_open[-1].run(statement)
        else:
            vanish(server, conftrail, login, PASSWORDS[login], statement)
    until("all cells to be on record", lambda: all(conftrail.count(f"group:flags and name:{row}") for *_, row in cells))
    for one in still_open:
        one.close()
    lines = []
    print(f"\n        {'session':8}{'comment':9}{'login':7}name, binding, authority, login, claimed, ticket, flags")
    for session, comment, login, row in cells:
        found, wanted = who(conftrail.events(f"group:flags and name:{row}")[0]), expected(session, comment, login)
        lines.append((f"{session}, {'comment' if comment else 'no comment'}, {login}", found == wanted, f"found {found}, expected {wanted}"))
        print(f"        {session:8}{'yes' if comment else 'no':9}{login:7}{', '.join(map(str, found))}")
    print()
    scene.all_of(f"binding and authority in each cell, with row metadata {metadata}", lines)
    before_after = [(f"row {row}", conftrail.events(f"group:flags and name:{row}")[0]["changes"][0]["path"] == "v") for *_, row in cells]
    scene.all_of(f"columns have their names, with row metadata {metadata}", before_after)


if __name__ == "__main__":
    play("02-who-made-it", story)
