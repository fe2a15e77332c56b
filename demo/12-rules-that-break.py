"""Rules that are wrong: each mistake is named at its place, and a broken file stops nothing that worked before.

A file with three mistakes and hostile expressions through `rules lint`; a broken file while conftrail runs, over a restart,
and mended; and two stops of conftrail: a short one, after which each change is told, and a long one, after which the changes
of each source are one digest.
"""

import json
import re
import signal
import time

from program import Conftrail, indented, mail_routing
from scene import play, until
from servers import Smtp

RULES = """\
version: 1
name: shop
owner: ops
rules:
  - id: limit-changed
    match: 'path:limit and action:update'
    severity: high
    group_by: [resource.id]
    annotations:
      summary: "{{resource.name}}: the limit was changed"
"""
BROKEN = """\
version: 1
name: shop
owner: ops
rules:
  - id: limit-changed
    mtach: 'path:limit'
    severity: urgent
  - id: pool-changed
    match: 'resource.nmae:pool'
"""
# What `rules lint` must say of them: place, the beginning of the message, and what was meant.
MISTAKES = [("6:5", "a rule has no key `mtach`", "did you mean `match`"),
            ("7:15", "`severity` is one of", "not `urgent`"),
            ("9:13", "`match`: unknown field `resource.nmae`", "did you mean resource.name")]
HOSTILE = {
    "ten thousand nested lists": "[" * 10_000,
    "a bomb of aliases": "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9)),
    "a query of 100 kB": "version: 1\nname: h\nrules: [{ id: a, match: '" + "a and " * 17_000 + "a' }]\n",
    "ten thousand parentheses": "version: 1\nname: h\nrules: [{ id: a, match: '" + "(" * 10_000 + "a' }]\n",
    "bytes that are no text": b"version: 1\nname: \xff\xfe\n",
}
# The configuration's: what is found later than this after it happened is told in one message for each source.
LATE_AFTER = 5


def story(scene):
    sink = Smtp(scene, name="mails.jsonl")
    conftrail = Conftrail(scene)
    watched = {name: scene.path(name) for name in ("orders", "carts")}
    for directory in watched.values():
        for number in range(4):
            (directory / f"service-{number}.yaml").write_text("limit: 1\n")
    sources = "\n".join(f"- {{ name: {name}, kind: files, path: {path}, interval: 200ms }}" for name, path in watched.items())
    conftrail.configure(sources, RULES, mail_routing(sink.port, wait="100ms", interval="100ms"))
    text = conftrail.config.read_text()
    rules = f"rules: {{ reload: 500ms, late_after: {LATE_AFTER}s, dir: rules,"
    conftrail.config.write_text(text.replace("rules: { dir: rules,", rules))
    rule_file = conftrail.home / "rules" / "demo.yaml"

    lint(scene, conftrail, rule_file)
    conftrail.start()
    until("the files to be learned", lambda: all(conftrail.reads(name) for name in watched))
    edit(watched["orders"], 0, 10)
    until("the first mail", lambda: len(about(sink, "orders", 0)) == 1)
    broken_while_running(scene, conftrail, rule_file, sink, watched)
    restarted_with_the_broken_file(scene, conftrail, rule_file, sink, watched)
    stopped(scene, conftrail, sink, watched)
    ledger = until("everything to be settled", conftrail.settled)
    scene.equal("unaccounted in the ledger", ledger["unaccounted"], 0)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)


def lint(scene, conftrail, rule_file):
    """Three mistakes at their places, and hostile files that are refused in a moment."""
    rule_file.write_text(BROKEN)
    done = conftrail.call("rules", "lint")
    scene.equal("exit code of `rules lint` on three mistakes", done.returncode, 1)
    said = done.stdout.splitlines()
    for place, message, meant in MISTAKES:
        at = [number for number, line in enumerate(said) if f"demo.yaml:{place}: " in line and message in line and meant in line]
        caret = at and at[0] + 2 < len(said) and said[at[0] + 2].strip() == "^"
        column = int(place.split(":")[1])
        under = caret and said[at[0] + 2].index("^") == said[at[0] + 1].index(said[at[0] + 1].strip()[0]) + column - 1 - indent_of(BROKEN, place)
        scene.claim(f"{place}: {message} … {meant}, with a caret under it", bool(under), done.stdout)
    # The key that is misspelt is also one that is missing.
    scene.equal("errors in all, with the key `match` that is missing", sum(": error R" in line for line in said), len(MISTAKES) + 1)
    for name, text in HOSTILE.items():
        rule_file.write_bytes(text if isinstance(text, bytes) else text.encode())
        began = time.monotonic()
        done = conftrail.call("rules", "lint")
        took = time.monotonic() - began
        told = done.stdout + done.stderr
        scene.claim(f"{name}: refused in {took:.1f} s and under 1 kB", done.returncode == 1 and took < 5 and 0 < len(told) < 1024,
                    f"{done.returncode} {told[:500]}")
    rule_file.write_text(RULES)


def indent_of(text, place):
    line = text.splitlines()[int(place.split(":")[0]) - 1]
    return len(line) - len(line.lstrip())


def broken_while_running(scene, conftrail, rule_file, sink, watched):
    scene.equal("rules_last_reload_success before", metric(conftrail), 1)
    rule_file.write_text(BROKEN)
    until("the metric to say that the files are not in force", lambda: metric(conftrail) == 0)
    log = conftrail.log.read_text()
    scene.all_of("the log names each mistake at its place",
                 [(place, f"demo.yaml:{place}: " in log and message.split(" `")[0] in log) for place, message, _ in MISTAKES])
    until("the alert about the files", lambda: by_rule(sink, "conftrail/rules-refused"))
    edit(watched["orders"], 1, 20)
    until("a mail by the rules of before", lambda: len(about(sink, "orders", 1)) == 1)
    scene.claim("the old set works on: a change is told by it", True)
    conftrail.child.send_signal(signal.SIGHUP)
    place = f"demo.yaml:{MISTAKES[0][0]}: "
    until("a look by SIGHUP", lambda: conftrail.log.read_text().count(place) >= 2)
    token = (conftrail.data / "local.token").read_text().strip()
    status, problem = conftrail_post(conftrail, "/api/v1/rules/reload", token)
    scene.claim(f"a look by the API is refused with the places: {status}", status == 422 and place in problem["detail"], problem)
    check = conftrail.call("check")
    said = check.stdout + check.stderr
    scene.claim("`check` names the mistakes and says that the last good set is in force",
                check.returncode == 1 and place in said and "the last good set" in said, said)
    scene.equal("alerts about the one broken content, however often it was looked at", len(by_rule(sink, "conftrail/rules-refused")), 1)


def restarted_with_the_broken_file(scene, conftrail, rule_file, sink, watched):
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)
    conftrail.start()
    until("the sources to be read", lambda: all(conftrail.reads(name) for name in watched))
    scene.claim("a restart with the broken file starts with the last good set and says so",
                "started with the last good set" in conftrail.log.read_text(), conftrail.last_words())
    edit(watched["orders"], 2, 30)
    until("a mail by the last good set", lambda: len(about(sink, "orders", 2)) == 1)
    rule_file.write_text(RULES.replace("the limit was changed", "the limit is another"))
    until("the mended file to be in force", lambda: metric(conftrail) == 1)
    edit(watched["orders"], 3, 40)
    mail = until("a mail by the mended rules", lambda: about(sink, "orders", 3))
    scene.claim("the mended file is in force without a restart", "is another" in mail[0]["head"]["subject"], mail[0]["head"])
    scene.equal("alerts about broken files in all", len(by_rule(sink, "conftrail/rules-refused")), 1)
    acts = [event["resource"]["name"] for event in conftrail.events("source.kind:conftrail and kind:ruleset")]
    scene.claim(f"each set that came into force is on record: {len(acts)}", len(acts) == 2, acts)


def stopped(scene, conftrail, sink, watched):
    """Stopped for less than late_after each change is told; for longer, each source has one digest."""
    before = len(sink.mails())
    conftrail.stop()
    for directory in watched.values():
        edit(directory, 0, 100)
    conftrail.start()
    until("the changes of a short stop", lambda: len(sink.mails()) >= before + 2)
    late = by_rule(sink, "conftrail/late-changes")
    scene.equal("after a short stop each change is told once, none as late",
                [len(about(sink, name, 0, "100")) for name in watched] + [len(late)], [1, 1, 0])
    conftrail.stop()
    for directory in watched.values():
        for number in range(3):
            edit(directory, number, 200 + number)
    time.sleep(LATE_AFTER + 1.5)
    conftrail.start()
    until("a digest for each source", lambda: len(by_rule(sink, "conftrail/late-changes")) >= len(watched), 20)
    until("everything to be settled", conftrail.settled)
    digests = by_rule(sink, "conftrail/late-changes")
    told = sorted(mail["head"]["subject"] for mail in digests)
    scene.equal("after a long stop there is one digest for each source", len(digests), len(watched))
    scene.all_of("each digest names its source", [(name, any(name in subject for subject in told), told) for name in watched])
    pages = [mail for mail in sink.mails() if mail["head"]["x-conftrail-rule"] == "shop/limit-changed" and re.search(r"→ 20\d", mail["text"])]
    scene.equal("and no page for a change of that time", len(pages), 0)


def edit(directory, number, limit):
    beside = directory / f".service-{number}.tmp"
    beside.write_text(f"limit: {limit}\n")
    beside.rename(directory / f"service-{number}.yaml")


def about(sink, source, number, limit=""):
    """Mails about a file of a source, and where it is given, about a limit."""
    name = f"files:{source}/service-{number}.yaml"
    return [mail for mail in sink.mails() if name in mail["text"] and mail["head"]["x-conftrail-rule"] == "shop/limit-changed"
            and (not limit or f"→ {limit}" in mail["text"])]


def by_rule(sink, rule):
    return [mail for mail in sink.mails() if mail["head"]["x-conftrail-rule"] == rule]


def metric(conftrail):
    found = re.search(r"^conftrail_rules_last_reload_success (\d)$", conftrail.get("/metrics"), re.MULTILINE)
    return int(found.group(1)) if found else None


def conftrail_post(conftrail, path, token):
    import urllib.error
    import urllib.request
    address = (conftrail.data / "local.address").read_text().strip()
    request = urllib.request.Request(address + path, data=b"{}", method="POST", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


if __name__ == "__main__":
    play("12-rules-that-break", story)
