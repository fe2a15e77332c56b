"""What cannot be trusted, forged on purpose: the time, the comment, the context row, the number of the session.

Each cell is a change of its own, made by a session that stays open or by one that is gone, and what its event must say.
"""

import re
import time

from scene import until
from who import COMMENT, vanish, who

SCHEMA = """
CREATE DATABASE IF NOT EXISTS conftrail;
CREATE TABLE conftrail.context (actor VARCHAR(64), ticket VARCHAR(64));
CREATE DATABASE IF NOT EXISTS shop;
CREATE TABLE shop.forged_flags (id INT PRIMARY KEY, v INT NOT NULL, note VARCHAR(80), updated_by VARCHAR(40));
CREATE TABLE shop.shaped_flags (id INT PRIMARY KEY);
INSERT INTO shop.forged_flags (id, v) SELECT n, 100 FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 40) SELECT n FROM s) numbers;
GRANT INSERT ON conftrail.context TO app@'%', eve@'%';
CREATE USER mallory@'%' IDENTIFIED BY 'mallory-login';
GRANT ALL ON shop.* TO mallory@'%'; GRANT INSERT ON conftrail.context TO mallory@'%';
"""
PASSWORDS = {"app": "app-login", "eve": "eve-login", "mallory": "mallory-login"}
PAST = 1300000000
LONG_AGO = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(PAST))
CONTEXT = "BEGIN; INSERT INTO conftrail.context VALUES ('alice', 'CHG-1')"
ALICE = ["alice", "CHG-1"]


def cells(app_thread):
    """What is forged, who does it, in how many statements. `{row}` is the cell's own row; the last is a change of a table's shape."""
    change = "UPDATE shop.forged_flags SET v = v + {row} WHERE id = {row}"
    note = "UPDATE shop.forged_flags SET note = {text} WHERE id = {{row}}"
    other = f"SET pseudo_thread_id = {app_thread}; "
    return [
        ("nothing", "eve", change),
        ("time", "eve", f"SET timestamp = {PAST}; {change}"),
        ("comment", "eve", f"{change} {COMMENT}"),
        ("comment in a text", "app", note.format(text="'/*user=root*/'")),
        ("comment in a text, \\ a letter", "app", "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; " + note.format(text="'\\'' /*user=root*/'")),
        ("context row", "eve", f"{CONTEXT}; {change}; COMMIT"),
        ("context row", "app", f"{CONTEXT}; {change}; COMMIT"),
        ("last editor", "eve", "UPDATE shop.forged_flags SET v = v + {row}, updated_by = 'alice' WHERE id = {row}"),
        ("session's number", "mallory", f"{other}{change} {COMMENT}"),
        ("session's number, for a definition", "mallory", other + "ALTER TABLE shop.shaped_flags COMMENT '{row}'"),
    ]


def on_mysql(what, login, session):
    """The login is known while the session lives, by the transaction's own number: nothing that is forged changes it."""
    claim = ALICE if login != "app" and ("comment" in what or what == "context row" or what == "session's number") else None
    if what == "last editor":
        claim = ["alice", None]
    if session == "gone":
        untold = what == "context row" and login == "app"
        claim = ALICE if untold else claim
        claimed = claim and what != "last editor"
        return [None, "none", "claimed" if claimed else "none", None, claim, None, ["login_unknown"]]
    if what == "context row" and login == "app":
        return ["alice", "exact", "asserted", "app@127.0.0.1", None, "CHG-1", []]
    flags = ["untrusted_claim"] if claim and what != "last editor" else []
    return [login, "exact", "authenticated", f"{login}@127.0.0.1", claim, None, flags]


def on_mariadb(what, login, session):
    """Rows tell no login, alive or gone, and times are claims: the server was started without `secure_timestamp`."""
    claim = ALICE if what in ("comment", "context row", "session's number") else None
    claimed = "claimed" if claim else "none"
    if what == "last editor":
        claim = ["alice", None]
    return [None, "none", claimed, None, claim, None, ["clock_suspect", "login_unknown"]]


def table(scene, server, conftrail, expected, forged_time):
    """Every cell is one change; returns nothing, and claims `N of N`."""
    app = server.session("app", PASSWORDS["app"])
    app_thread = app.run("SELECT CONNECTION_ID()")[0]
    made, open_sessions, row = [], [], 0
    for session in ("open", "gone"):
        for what, login, statements in cells(app_thread):
            row += 1
            text = statements.replace("{row}", str(row))
            if "number" in what:
                # The one whose number is taken sleeps, as a pool's session does most of the time.
                until("the session to sleep", lambda: int(server.value(server.IDLE.format(app_thread))) >= 3, pause=0.3)
            if session == "open":
                open_sessions.append(server.session(login, PASSWORDS[login]))
                open_sessions[-1].run(text)
            else:
                vanish(server, conftrail, login, PASSWORDS[login], text)
            query = "name:shaped_flags and action:schema" if "definition" in what else f"group:forged_flags and name:{row}"
            made.append((session, what, login, row, query))
    lines = []
    print(f"\n        {'session':8}{'forged':36}{'login':9}name, binding, authority, login, claimed, ticket, flags")
    for session, what, login, row, query in made:
        event = until(f"row {row} to be on record", lambda: next(
            (event for event in conftrail.events(query) if "definition" not in what or f"'{row}'" in event["detail"]["text"]), None))
        found, wanted = who(event), expected(what, login, session)
        lines.append((f"{session}, {what}, {login}", found == wanted, f"found {found}, expected {wanted}"))
        print(f"        {session:8}{what:36}{login:9}{', '.join(map(str, found))}")
        if what == "time":
            is_past = event["time"].startswith(LONG_AGO[:-1])
            lines.append((f"the time of {session}", is_past == forged_time, event["time"]))
    print()
    for one in (app, *open_sessions):
        one.close()
    scene.all_of(f"what is forged is shown as what it is, on {server.PRODUCT} {server.version}", lines)
