"""Receivers that fail in every way, and kill -9 between any two steps: each announcement ends in exactly one state for each
receiver and integration, by our ledger and by what the receivers counted.

One receiver has eight integrations at a server that fails as scripted: an error code within HTTP 200, 429 with Retry-After, 5xx for a
while, a hang after the whole message, a revoked token, an address that is gone, a robot that was removed, a robot with a pace.
"""

import collections
import sqlite3

from channels import HANG, Channels, id_of, text_of
from program import Conftrail, indented
from scene import Unmet, play, until

RULES = """\
version: 1
name: demo
rules:
  - id: limit-changed
    match: 'source.name:app and path:limit'
    severity: warning
    group_by: [resource.name]
"""
# By row of the crash table: before the commit, intent without message, message without result, result without anything after.
POINTS = ["alert.before_apply", "alert.after_apply", "notify.after_intent", "notify.after_delivery", "notify.after_settle"]
DIGEST_POINTS = ["notify.before_digest", "notify.after_digest"]
# How many messages a broken server refuses at least.
REFUSED = 3
ROBOT = "/cgi-bin/webhook/send"
# Integration, path at the server.
PATHS = {
    "webhook/healthy": "/healthy", "webhook/limited": "/limited", "webhook/broken": "/broken", "webhook/hanging": "/hanging",
    "webhook/gone": "/gone", "wecom/1000002": "/cgi-bin/message/send", "wecom-robot/group": ROBOT, "wecom-robot/removed": "/removed",
}
SECRETS = {"wecom.secret": "S3CRETofTHEapp", "robot.key": "k3yOFtheROBOT"}


def story(scene):
    outage = 60 if scene.long else 0
    channels = Channels({
        "/limited": lambda before, _: (429, {"retry-after": "3"}, {}) if before == 0 else None,
        "/broken": lambda before, seconds: (503, {}, {}) if before < REFUSED or seconds < outage else None,
        "/hanging": lambda before, _: HANG if before in (0, 3) else None,
        "/gone": lambda *_: (410, {}, {}),
        "/removed": lambda *_: (200, {}, {"errcode": 93000, "errmsg": "invalid webhook url"}),
        ROBOT: lambda before, _: (200, {}, {"errcode": -1, "errmsg": "system busy"}) if before == 0 else None,
    })
    watched = scene.path("app")
    conftrail = installed(scene, channels.port, watched)
    storm = 60 if scene.long else 24
    rounds = 3 if scene.long else 1
    single = len(POINTS) * rounds
    for number in range(storm + single + 1):
        (watched / f"service-{number}.yaml").write_text("limit: 1\n")
    conftrail.start()
    until("the files to be learned", lambda: conftrail.reads("app"))
    edit(watched, [0])
    until("the first alert to be delivered", lambda: any(one["taken"] for one in channels.at("/healthy")))
    channels.revoke()
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)

    killed = 0
    for number, point in enumerate(POINTS * rounds, start=1):
        killed += killed_at(scene, conftrail, point, lambda number=number: edit(watched, [number]))
    for place, point in enumerate(DIGEST_POINTS):
        change = (lambda: edit(watched, range(single + 1, single + 1 + storm))) if place == 0 else (lambda: None)
        killed += killed_at(scene, conftrail, point, change)
    scene.equal("kills", killed, single + len(DIGEST_POINTS))

    conftrail.start()
    try:
        until("everything to be settled", lambda: conftrail.settled() if len(told_of(conftrail, channels)) > single + storm else None,
              240 if scene.long else 100, 0.4)
    except Unmet as unmet:
        scene.say(f"gave up waiting: {unmet}; {conftrail.ledger()}")
    tried = conftrail.call("--output", "json", "receivers", "test", "spare")
    scene.claim("`receivers test` delivers and exits with 0", tried.returncode == 0 and '"outcome":"sent"' in tried.stdout, tried)
    failed = conftrail.call("receivers", "test", "on-call")
    scene.claim("it exits with 1 where an integration fails, and names it", failed.returncode == 1 and "(93000)" in failed.stdout, failed)
    scene.equal("exit code after SIGTERM", conftrail.stop(), 0)
    compare(scene, conftrail, channels)


def told_of(conftrail, channels):
    """Alerts that the healthy webhook has."""
    return {id_of(one) for one in channels.at("/healthy") if one["taken"]}


def edit(watched, numbers):
    for number in numbers:
        (watched / f"service-{number}.yaml").write_text(f"limit: {number + 100}\n")


def killed_at(scene, conftrail, point, change):
    """Runs until the fail point ends the process."""
    conftrail.start(f"{point}:1", wait=False)
    try:
        until("conftrail to be ready or dead", lambda: conftrail.child.poll() is not None or is_ready(conftrail), 20)
        change()
        until(f"the kill at {point}", lambda: conftrail.child.poll() is not None, 20)
    except Unmet as unmet:
        scene.claim(str(unmet), False, conftrail.last_words())
        conftrail.kill()
        return 0
    conftrail.scene.end(conftrail.child)
    return 1


def is_ready(conftrail):
    try:
        return conftrail.ready() and conftrail.reads("app")
    except (Unmet, OSError):
        return False


def rows(conftrail):
    """Every notification there ever was."""
    names = ["id", "receiver", "integration", "alert", "state", "error", "instead_of", "digest"]
    with sqlite3.connect(f"file:{conftrail.data / 'control.db'}?mode=ro", uri=True) as control:
        found = control.execute("SELECT id, receiver, integration, alert, state, last_error, instead_of, "
                                "announcement ->> '$.digest.messages' FROM notifications ORDER BY seq").fetchall()
    return [dict(zip(names, row)) for row in found]


def compare(scene, conftrail, channels):
    ledger, every = conftrail.ledger(), rows(conftrail)
    triples = collections.Counter((one["alert"], one["receiver"], one["integration"]) for one in every)
    scene.equal(f"announcement, receiver and integration: {len(triples)}, each with more than one state",
                [key for key, count in triples.items() if count > 1], [])
    states = collections.Counter(one["state"] for one in every)
    scene.equal("states that are no end", {state: count for state, count in states.items() if state not in ("sent", "dead", "suppressed")}, {})
    parts = {"delivered": states["sent"], "dead": states["dead"], "suppressed": states["suppressed"], "notifications": len(every)}
    scene.equal("the ledger says the same", {name: ledger[name] for name in parts}, parts)
    scene.equal("open, pending, unaccounted", [ledger[name] for name in ("open", "pending", "unaccounted")], [0, 0, 0])

    by_lane = collections.defaultdict(list)
    for one in every:
        by_lane[(one["receiver"], one["integration"])].append(one)
    counted = []
    for (receiver, integration), owned in sorted(by_lane.items()):
        path = PATHS[integration] if receiver == "on-call" else "/spare"
        taken = {id_of(one) for one in channels.at(path) if one["taken"] and "receiver-test" not in str(one["body"])
                 and "Test message" not in text_of(one)}
        sent = {one["id"][:12] for one in owned if one["state"] == "sent"}
        counted.append((f"{receiver} {integration}: {len(taken)} taken, {len(sent)} sent", taken == sent, taken ^ sent))
    scene.all_of("what each receiver counted is what the ledger calls sent", counted)
    scene.say("    " + "; ".join(part[0] for part in counted))

    dead = [one for one in every if one["state"] == "dead"]
    scene.equal("dead are the integrations that are gone", {one["integration"] for one in dead}, {"webhook/gone", "wecom-robot/removed"})
    spare = [one for one in every if one["receiver"] == "spare"]
    missing = {one["alert"] for one in dead} - {one["alert"] for one in spare}
    scene.equal(f"dead announcements that the other receiver was not told ({len(spare)} it was)", missing, set())
    scene.claim("each of those names whom it is told instead of", all("on-call" in one["instead_of"] for one in spare))

    suppressed = collections.Counter(one["error"] for one in every if one["state"] == "suppressed")
    digests = {f"digest {one['id']}": one for one in every if one["digest"]}
    scene.claim(f"the pace made digests: {len(digests)} in place of {sum(suppressed.values())} messages", digests and suppressed)
    scene.equal("suppressed without such a reason", {why: count for why, count in suppressed.items() if why not in digests}, {})
    told = {id_of(one): text_of(one) for one in channels.at(ROBOT) if one["taken"]}
    scene.all_of("each digest that was sent says how many", [
        (one["id"], f"{one['digest']} messages in one" in told.get(one["id"][:12], ""))
        for one in digests.values() if one["state"] == "sent"])

    repeats(scene, channels)
    limited = channels.at("/limited")
    again = [one["time"] for one in limited[1:] if id_of(one) == id_of(limited[0])]
    scene.claim(f"429 with Retry-After: 3 was tried again after {again[0] - limited[0]['time']:.1f} s", again[0] - limited[0]["time"] >= 3)
    robot = [one["time"] for one in channels.at(ROBOT)]
    # The pace counts when attempts begin; what a busy machine delays may arrive closer together.
    most = max(sum(1 for other in robot if at <= other < at + 3) for at in robot)
    scene.claim(f"the robot with 4/s was told at most {most} times within 3 seconds, kills or not", most <= 16)
    refused = sum(not one["taken"] for one in channels.at("/broken"))
    scene.claim(f"503 {refused} times, and each message was delivered in the end", refused >= REFUSED)
    scene.claim(f"a revoked token was got anew: {channels.tokens} tokens", channels.tokens >= 2)
    log = conftrail.log.read_text(errors="replace")
    leaked = [name for name, secret in SECRETS.items() if secret in log] + [word for word in ("token-1", "hookT0KEN") if word in log]
    scene.equal("secrets in the log", leaked, [])


def repeats(scene, channels):
    """What came twice came twice for a reason, and says so where nobody else would know."""
    by_message = collections.defaultdict(list)
    for path in {*PATHS.values(), "/spare"}:
        for one in channels.at(path):
            if one["taken"]:
                by_message[(path, id_of(one))].append(one)
    doubled = {key: ones for key, ones in by_message.items() if len(ones) > 1}
    webhooks = [ones for (path, _), ones in doubled.items() if not path.startswith("/cgi-bin/")]
    scene.claim(f"messages that came twice: {len(doubled)} of {len(by_message)}; the repeats of webhooks and robots say \"possible repeat\"",
                all("possible repeat" in text_of(one) for ones in webhooks for one in ones[1:])
                and all("possible repeat" in text_of(one) for (path, _), ones in doubled.items() if path == ROBOT for one in ones[1:]))
    hidden = [ones for (path, _), ones in doubled.items() if path == "/cgi-bin/message/send"]
    scene.claim(f"the application's {len(hidden)} have the bytes of the first, which WeCom hides", all(one["body"] == ones[0]["body"] for ones in hidden for one in ones))


def installed(scene, port, watched):
    conftrail = Conftrail(scene)
    at = f"http://127.0.0.1:{port}"
    hook = f"{{ url: \"{at}/{{0}}?key=hookT0KEN\", x-name: {{0}}, x-allow-internal: true, x-timeout: {{1}} }}"
    hooks = [hook.replace("{0}", name).replace("{1}", "1s" if name == "hanging" else "10s").replace("{{", "{").replace("}}", "}")
             for name in ("healthy", "limited", "broken", "hanging", "gone")]
    routing = f"""\
global: {{ wechat_api_corp_id: ww1, wechat_api_url: "{at}/cgi-bin/" }}
route: {{ receiver: on-call, group_wait: 200ms, group_interval: 1s }}
receivers:
  - name: on-call
    webhook_configs:
{indented(chr(10).join(f"- {one}" for one in hooks), 6)}
    wechat_configs:
      - {{ agent_id: "1000002", x-api_secret_file: wecom.secret, to_party: "2", x-allow-internal: true, x-rate_limit: 1000/min }}
    x-wecom_robot_configs:
      - {{ key_file: robot.key, url: "{at}{ROBOT}", name: group, allow_internal: true, rate_limit: 4/s }}
      - {{ key_file: robot.key, url: "{at}/removed", name: removed, allow_internal: true, rate_limit: 1000/min }}
    x-fallback: spare
  - name: spare
    webhook_configs: [{{ url: "{at}/spare", x-allow-internal: true }}]
"""
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}", RULES, routing)
    for name, secret in SECRETS.items():
        (conftrail.home / "rules" / name).write_text(secret + "\n")
    return conftrail


if __name__ == "__main__":
    play("13-receivers-that-fail", story)
