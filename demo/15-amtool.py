"""Routes mean what they mean in Alertmanager: amtool accepts the export, and names the same receivers for every set of labels.

amtool is the one of Debian. The label sets are drawn from the words of the routing file and from words that it does not have,
by a fixed seed, so that a difference can be looked at again.
"""

import random
import subprocess

from program import PROGRAM
from scene import ROOT, play

ROUTING = """\
global:
  smtp_smarthost: "mail.example:587"
  smtp_from: "conftrail@example.com"
  smtp_auth_username: conftrail
  smtp_auth_password_file: /run/secrets/mail
route:
  receiver: audit
  group_by: [alertname, resource_env]
  group_wait: 10s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - matchers: [ severity="critical" ]
      receiver: pager
      group_wait: 0s
      continue: true
      x-on-mute: hold
    - matchers: [ 'compliance=~".*SOX.*"' ]
      receiver: compliance
      active_time_intervals: [workdays]
      x-on-mute: digest
      continue: true
    - matchers: [ team="pay", 'resource_env!~"test|dev"' ]
      receiver: pay
      routes:
        - matchers: [ 'alertname=~"limit.*"', 'severity!="info"' ]
          receiver: pay-limits
          mute_time_intervals: [nights, holidays]
          continue: true
        - matchers: [ resource_service="checkout" ]
          receiver: checkout
          group_by: ['...']
        - matchers: [ 'owner=""' ]
          receiver: nobody
    - matchers: [ '{team="dba", severity=~"high|critical"}' ]
      receiver: dba
      group_by: []
    - matchers: [ 'team=~"dba|值班"' ]
      routes:
        - matchers: [ 'severity=~"w.+"' ]
          receiver: dba-mail
          x-on-mute: drop
    - matchers: [ 'team!=""', 'severity="info"' ]
      receiver: quiet
time_intervals:
  - name: workdays
    time_intervals:
      - { weekdays: ['monday:friday'], times: [ { start_time: '09:00', end_time: '19:00' } ], location: Asia/Shanghai }
  - name: nights
    time_intervals:
      - { times: [ { start_time: '22:00', end_time: '24:00' }, { start_time: '00:00', end_time: '07:00' } ], location: Europe/Berlin }
  - name: holidays
    time_intervals:
      - { days_of_month: ['24:26', '-1'], months: ['december'] }
      - { days_of_month: ['1'], months: ['january'], years: ['2026:2030'] }
receivers:
  - name: audit
    email_configs: [ { to: audit@example.com, send_resolved: false } ]
  - name: pager
    email_configs: [ { to: "pager@example.com, second@example.com" } ]
    x-fallback: audit
    x-fallback-after: 5m
  - name: compliance
    email_configs: [ { to: grc@example.com, x-implicit-tls: true } ]
  - name: pay
    email_configs: [ { to: pay@example.com } ]
  - name: pay-limits
    email_configs: [ { to: limits@example.com, x-directory: mail }, { to: limits@example.com } ]
  - { name: checkout, email_configs: [ { to: checkout@example.com } ] }
  - { name: nobody }
  - { name: dba, email_configs: [ { to: dba@example.com } ] }
  - { name: dba-mail, email_configs: [ { to: dba@example.com, require_tls: false } ] }
  - { name: quiet }
"""
RECEIVERS = ["audit", "pager", "compliance", "pay", "pay-limits", "checkout", "nobody", "dba", "dba-mail", "quiet"]
WORDS = {
    "alertname": ["limit-changed", "limits", "secret-touched", "mass-change"],
    "severity": ["info", "warning", "high", "critical"],
    "team": ["pay", "dba", "值班", "payments", ""],
    "compliance": ["SOX", "PCI,SOX", "SO X", "sox"],
    "resource_env": ["prod", "test", "dev", "testing"],
    "resource_service": ["checkout", "cart"],
    "owner": ["alice", ""],
}


def story(scene):
    amtool = [str(ROOT / ".ci" / "servers" / "amtool"), "run"]
    home = scene.path("routes")
    (home / "routing.yaml").write_text(ROUTING)
    exported = ours("routes", "export", "--file", home / "routing.yaml")
    scene.claim("`routes export` writes a file", exported.returncode == 0, exported.stderr)
    (home / "alertmanager.yml").write_text(exported.stdout)
    scene.claim("no key of ours is in it", "x-" not in exported.stdout, exported.stdout)

    checked = run(amtool + ["check-config", home / "alertmanager.yml"])
    scene.claim("`amtool check-config` accepts it", checked.returncode == 0 and "SUCCESS" in checked.stdout, checked.stdout + checked.stderr)
    refused = run(amtool + ["check-config", home / "routing.yaml"])
    scene.claim("what is not exported it does not accept: the check looks", refused.returncode != 0, refused.stdout)

    drawn = label_sets(500 if scene.long else 50)
    seen, differing = set(), []
    for labels in drawn:
        theirs = run(amtool + ["config", "routes", "test", f"--config.file={home / 'alertmanager.yml'}", *labels])
        mine = ours("routes", "test", "--file", home / "routing.yaml", *labels)
        told = mine.stdout.strip()
        seen.update(told.split(","))
        if theirs.returncode != 0 or theirs.stdout.strip() != told:
            differing.append((labels, theirs.stdout.strip() or theirs.stderr.strip(), told or mine.stderr.strip()))
    scene.claim(f"amtool and conftrail name the same receivers for {len(drawn)} label sets", not differing, differing[:5])
    scene.equal("receivers that were named at least once", sorted(seen), sorted(RECEIVERS))

    labels = ["severity=critical", "team=pay", "resource_env=prod", "alertname=limits"]
    expected = ours("routes", "test", "--file", home / "routing.yaml", *labels).stdout.strip()
    for verify, code in [(expected, 0), ("audit", 1)]:
        done = ours("routes", "test", "--file", home / "routing.yaml", *labels, "--verify.receivers", verify)
        scene.equal(f"exit code with --verify.receivers {verify}", done.returncode, code)


def label_sets(count):
    """Different sets, each of which has at least one label: some by hand, so that each receiver is named, the others drawn."""
    chance = random.Random(5)
    drawn = [one.split() for one in ("team=none", "severity=critical", "compliance=SOX", "team=pay owner=alice", "team=pay",
                                     "team=pay alertname=limits severity=high", "team=pay resource_service=checkout owner=alice",
                                     "team=dba severity=high", "team=dba severity=warning", "team=x severity=info")]
    while len(drawn) < count:
        names = [name for name in WORDS if chance.random() < 0.7]
        labels = [f"{name}={word}" for name in names if (word := chance.choice(WORDS[name]))]
        if labels and labels not in drawn:
            drawn.append(labels)
    return drawn




def ours(*arguments):
    return run([PROGRAM, *arguments])


def run(command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600)


if __name__ == "__main__":
    play("15-amtool", story)
