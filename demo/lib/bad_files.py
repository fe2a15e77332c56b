"""Bad input that needs no server: files, keys, queries, a second process."""

import secrets

from program import Conftrail, mail_routing
from scene import until
from sentences import complains, refused
from servers import Smtp

RULES = """\
version: 1
name: demo
rules:
  - id: limit-changed
    match: 'path:limit'
    severity: warning
"""
ROUTING = """\
global: { smtp_from: "conftrail@example.com" }
route:
  receiver: on-call
  group_wait: 1s
receivers:
  - name: on-call
    email_configs:
      - { to: oncall@example.com, x-directory: ../mail }
"""


def files_and_keys(scene):
    scene.say("--- files")
    watched = scene.path("watched")
    (watched / "app.yaml").write_text("limit: 1\n")
    conftrail = Conftrail(scene, "files")
    source = f"- name: app\n  kind: files\n  path: {watched}"

    def set_up(source=source, rules=RULES, routing=ROUTING, more=""):
        conftrail.configure(source, rules, routing, more)

    unknown_keys(scene, conftrail, set_up, source)
    sink = Smtp(scene, "--user", "bob", "--password", "secret-of-bob", name="login.jsonl")
    set_up(routing=mail_routing(sink.port).replace("  smtp_hello:", "  smtp_auth_username: bob\n  smtp_auth_password_file: lost\n  smtp_hello:"))
    refused(scene, "a lost password file of the mail server", conftrail.call("check"), r"password_file", r"lost", "No such file")
    (conftrail.home / "rules" / "lost").write_text("wrong\n")
    refused(scene, "a wrong password of the mail server", conftrail.call("check"), "on-call", "login", "535")
    sink.stop()
    set_up(source.replace(str(watched), str(watched / "nowhere")))
    refused(scene, "a directory that is not there", conftrail.call("check"), r"path", r"nowhere", "No such file")
    set_up(source="")
    conftrail.config.write_text("data_dir: conftrail-data\n")
    refused(scene, "nothing to capture: three ways to get a source", conftrail.call("run"), "nothing to capture", codes=(2,))

    set_up()
    conftrail.start()
    until("the files to be learned", lambda: conftrail.reads("app"))
    refused(scene, "a second process on the same data directory", conftrail.call("run"), "conftrail-data", "in use|another|locked|running")
    unparsable(scene, conftrail, watched)
    query = conftrail.call("search", "actor:(alice or", "--offline")
    refused(scene, "a query that does not parse, with its position", query, r"\b1[0-9]\b|position|column")
    scene.claim("… and a caret under it", any(line.strip() == "^" for line in query.stderr.splitlines()), query.stderr)
    refused(scene, "a field that does not exist, with the nearest known name", conftrail.call("search", "actr:alice", "--offline"), "actr", "actor")
    conftrail.stop()
    mask_keys(scene, conftrail)


def unknown_keys(scene, conftrail, set_up, source):
    set_up(more="telemtry: { log: { level: warn } }")
    line = conftrail.config.read_text().splitlines().index("telemtry: { log: { level: warn } }") + 1
    for command in ("check", "run"):
        refused(scene, f"an unknown key in conftrail.yaml (`{command}`)", conftrail.call(command), rf"conftrail\.yaml:{line}:1\b", "telemtry",
                "did you mean `telemetry`")
    set_up(source.replace("path:", "pth:"))
    line = next(number for number, text in enumerate(conftrail.config.read_text().splitlines(), 1) if "pth:" in text)
    refused(scene, "an unknown key of a source", conftrail.call("check"), rf"conftrail\.yaml:{line}:\d+", "pth", "did you mean `path`")
    set_up(rules=RULES.replace("severity", "severty"))
    refused(scene, "an unknown key in a rule file", conftrail.call("check"), r"rules/demo\.yaml:6:5\b", "severty", "severity")
    set_up(rules=RULES.replace("path:limit", "pth:limit"))
    refused(scene, "an unknown field in a rule's match", conftrail.call("check"), r"rules/demo\.yaml:5:\d+", "pth", "path")
    set_up(routing=ROUTING.replace("group_wait", "group_wate"))
    refused(scene, "an unknown key in the routing file", conftrail.call("check"), r"routing\.yaml:4:\d+", "group_wate", "did you mean `group_wait`")
    set_up(routing=ROUTING.replace("receiver: on-call", "receiver: oncall"))
    refused(scene, "a receiver that does not exist", conftrail.call("check"), r"routing\.yaml", "oncall", "on-call")


def unparsable(scene, conftrail, watched):
    """What does not parse is kept as text and flagged, and the next version is compared again."""
    (watched / "app.yaml").write_text("limit: [1, 2\nmore: }\n")
    until("the broken document to be on record", lambda: conftrail.count("flags:unparsed"))
    shown = conftrail.call("log", "flags:unparsed", "-n", "1", "-p", "--offline").stdout
    complains(scene, "a document that does not parse is flagged, with its lines", shown, r"app\.yaml", "unparsed")
    scene.claim("… and its line diff is shown", "-limit: 1" in shown and "+limit: [1, 2" in shown, shown)
    (watched / "app.yaml").write_text("limit: 3\n")
    until("the mended document to be on record", lambda: conftrail.count("resource.name:app.yaml and not flags:unparsed and action:update"))


def mask_keys(scene, conftrail):
    key_file = conftrail.data / "mask.key"
    key = key_file.read_text()
    key_file.write_text(secrets.token_hex(32) + "\n")
    for command in ("check", "run"):
        refused(scene, f"a mask key that differs (`{command}`)", conftrail.call(command), r"mask\.key", "masks with")
    key_file.unlink()
    for command in ("check", "run"):
        refused(scene, f"a lost mask key (`{command}`)", conftrail.call(command), r"mask\.key", "lost", "put it back")
    scene.claim("… no new key was made", not key_file.exists())
    key_file.write_text("not a key\n")
    refused(scene, "a key file that holds no key", conftrail.call("run"), r"mask\.key", "32 bytes")
    key_file.write_text(key)
    conftrail.start()
    scene.claim("with the key put back it starts", conftrail.ready())
    conftrail.stop()
