"""Bad input around MySQL and the mail server: grants, settings, certificates, passwords, broken connections, purged logs."""

import shutil
import subprocess
import time

from program import Conftrail, mail_routing
from proxy import Proxy
from scene import until
from sentences import complains, refused
from servers import MySql, Smtp

SCHEMA = """
CREATE DATABASE shop; CREATE TABLE shop.flags (id INT PRIMARY KEY, v INT NOT NULL);
CREATE USER poor@'%' IDENTIFIED BY 'poor-login'; GRANT SELECT ON shop.* TO poor@'%';
CREATE USER cdc@'%' IDENTIFIED BY 'cdc-login'; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO cdc@'%';
GRANT SELECT ON performance_schema.* TO cdc@'%'; GRANT SELECT ON shop.* TO cdc@'%';
"""


def servers_and_connections(scene):
    scene.say("--- servers")
    server = MySql(scene, "--binlog-rows-query-log-events=ON", "--binlog-row-metadata=FULL")
    server.run(SCHEMA)
    conftrail = Conftrail(scene, "servers")

    def source(port=server.port, user="cdc", more="", start="earliest"):
        (conftrail.home / f"{user}.password").write_text(f"{user}-login\n")
        return (f'- {{ name: orders-db, kind: mysql, url: "mysql://{user}@127.0.0.1:{port}", password_file: {conftrail.home}/{user}.password, '
                f'include: ["shop.*"], start: {start}{more} }}')

    conftrail.configure(source(user="poor"))
    refused(scene, "wrong grants, with the line that mends them", conftrail.call("check"), "GRANT REPLICATION SLAVE")
    conftrail.configure(source())
    (conftrail.home / "cdc.password").write_text("wrong\n")
    refused(scene, "a wrong password", conftrail.call("check"), "orders-db", "cdc", "password|Access denied|login")
    conftrail.configure(source())
    not_configured(scene, server, conftrail)
    certificates(scene, server, conftrail, source)
    nothing_listens(scene, conftrail, source)
    lost_password_file(scene, server, conftrail, source)
    broken_connections(scene, server, conftrail, source)
    purged(scene, server, conftrail)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def not_configured(scene, server, conftrail):
    """The server itself: each setting with the statement that mends it."""
    for name, wrong, right in (("binlog_format", "STATEMENT", "ROW"), ("binlog_row_image", "MINIMAL", "FULL"),
                               ("binlog_rows_query_log_events", "OFF", "ON")):
        server.run(f"SET GLOBAL {name} = {wrong}")
        done = conftrail.call("check")
        complains(scene, f"{name}={wrong}: the statement that mends it", done.stdout, rf"SET (PERSIST|GLOBAL) {name}\s*=\s*'?{right}")
        server.run(f"SET GLOBAL {name} = {right}")
    without = MySql(scene, "--skip-log-bin", name="no-binlog")
    text = conftrail.config.read_text()
    text = text.replace(str(server.port), str(without.port)).replace("mysql://cdc@", "mysql://root@")
    conftrail.config.write_text(text.replace(f"password_file: {conftrail.home}/cdc.password, ", ""))
    refused(scene, "a server without a binlog", conftrail.call("check"), "log_bin|log-bin|binary log|binlog")
    scene.end(without.child)


def certificates(scene, server, conftrail, source):
    other = scene.directory / "other-ca.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other", "-keyout",
                    str(scene.directory / "other.key"), "-out", str(other)], check=True, capture_output=True)
    conftrail.configure(source(more=f", tls: {{ mode: verify-ca, ca_file: {other} }}"))
    refused(scene, "a MySQL certificate of another authority", conftrail.call("check"), "orders-db", "certificate", "ca_file")
    conftrail.configure(source(more=f", tls: {{ mode: verify-full, ca_file: {server.ca} }}"))
    refused(scene, "a MySQL certificate without the host's name", conftrail.call("check"), "orders-db", "certificate", "verify-ca|name")
    conftrail.configure(source(more=f", tls: {{ mode: verify-ca, ca_file: {server.ca} }}"))
    scene.equal("exit code of `check` with the right authority", conftrail.call("check").returncode, 0)
    sink = Smtp(scene, "--tls", "starttls", "--cert", other, "--key", scene.directory / "other.key", name="tls.jsonl")
    conftrail.configure(source(), routing=mail_routing(sink.port).replace("smtp_require_tls: false", "smtp_require_tls: true"))
    refused(scene, "a mail server's certificate that nobody vouches for", conftrail.call("check"), "on-call", "certificate", "ca_file")
    sink.stop()


def nothing_listens(scene, conftrail, source):
    conftrail.configure(source(port=1))
    refused(scene, "a server that cannot be reached", conftrail.call("check"), "orders-db", "127.0.0.1:1", "refused")


def lost_password_file(scene, server, conftrail, source):
    """The file is lost while conftrail runs: it says so, and goes on when the file is back."""
    conftrail.configure(source())
    shutil.move(conftrail.home / "cdc.password", conftrail.home / "away")
    refused(scene, "a lost password file of a source", conftrail.call("check"), "password_file", r"cdc\.password", "No such file")
    conftrail.start(wait=False)
    server.run("INSERT INTO shop.flags VALUES (1, 1)")
    until("the log to name the lost file", lambda: "cdc.password" in conftrail.log.read_text(errors="replace"))
    complains(scene, "… also in the log of `run`", conftrail.log.read_text(), "password_file", r"cdc\.password")
    shutil.move(conftrail.home / "away", conftrail.home / "cdc.password")
    until("the change to be on record", lambda: conftrail.data.joinpath("local.address").exists() and conftrail.count("action:create and group:flags"), 60)
    scene.claim("… and when the file is back, the change made meanwhile is on record", True)
    conftrail.stop()


def broken_connections(scene, server, conftrail, source):
    """Dump connections killed by an operator and packets cut short: each change is on record once."""
    proxy = Proxy(server.port)
    conftrail.configure(source(port=proxy.port, more=", tls: { mode: disabled, get_server_public_key: true }"))
    conftrail.start()
    session = server.session()
    kills = 0
    for number in range(10, 40):
        session.run(f"INSERT INTO shop.flags VALUES ({number}, {number})")
        if number % 10 == 5:
            kills += kill_dump(server)
        if number % 10 == 9:
            proxy.cut_after([37, 150, 2001])
        time.sleep(0.05)
    last = until("every row to be on record", lambda: conftrail.count("action:create and group:flags") == 31, 60)
    ids = [event["id"] for event in conftrail.events("group:flags")]
    scene.claim(f"{kills} dump connections killed, {proxy.cuts} packets cut short: 31 of 31 rows on record, each once",
                last and kills >= 3 and proxy.cuts >= 2 and len(ids) == len(set(ids)) == 31)
    complains(scene, "a dropped connection is one sentence in the log", conftrail.log.read_text(), "orders-db", "connection|lost|killed|closed|ended|shutdown")
    session.close()
    proxy.close()
    conftrail.stop()


def kill_dump(server):
    threads = until("the dump connection", lambda: server.run(
        "SELECT processlist_id FROM performance_schema.threads WHERE processlist_command LIKE 'Binlog Dump%'"))
    for thread in threads:
        server.run(f"KILL {thread}")
    return len(threads)


def purged(scene, server, conftrail):
    """A binlog that was thrown away before it was read is a gap with its extent, and capture goes on."""
    text = conftrail.config.read_text()
    conftrail.config.write_text(text.replace("tls: { mode: disabled, get_server_public_key: true }", "with_query: false")
                                .replace(text.split("127.0.0.1:")[1].split('"')[0], str(server.port)))
    server.run("INSERT INTO shop.flags VALUES (50, 1); FLUSH BINARY LOGS;")
    server.run(f"PURGE BINARY LOGS TO '{server.binlogs()[-1]}'; INSERT INTO shop.flags VALUES (51, 1);")
    conftrail.start()
    until("the change after the gap", lambda: conftrail.count("group:flags and name:51"), 40)
    gaps = conftrail.events("action:gap")
    detail = gaps[0].get("detail", {}) if gaps else {}
    scene.claim(f"a purged binlog is a gap event with what is missing: {detail.get('cause')}", len(gaps) == 1 and detail.get("from") is not None
                and detail.get("to") is not None, gaps)
