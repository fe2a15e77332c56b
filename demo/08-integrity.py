"""The record cannot be altered unseen: whoever changes, removes or adds a row without the key is told apart by name.

Every alteration is made on a copy of a data directory, which holds no key that signs, by somebody who owns the files and
knows them well. A copy is verified with the public key alone, as on another machine.
"""

import base64
import json
import random
import shutil
import sqlite3

from altered import Copy, add, chosen, flip_bit, grown, leaf_hash, remove, rewrite, root_of, rows
from program import Conftrail
from scene import play, until

FOREIGN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def story(scene):
    conftrail = Conftrail(scene)
    watched = scene.path("app")
    conftrail.configure(f"- {{ name: app, kind: files, path: {watched} }}")
    edits = 600 if scene.long else 60
    older = recorded(scene, conftrail, watched, edits)
    key = conftrail.home / "elsewhere.pub"
    key.write_text(conftrail.call("verify", "--print-public-key").stdout)
    intact(scene, conftrail, key, edits)
    proofs(scene, conftrail, key)
    bits(scene, conftrail, key, 200 if scene.long else 25)
    altered(scene, conftrail, key)
    rolled_back(scene, conftrail, key, older)
    derived(scene, conftrail, key)
    lost_key(scene, conftrail, watched, key)


def recorded(scene, conftrail, watched, edits):
    """Records edits, and returns a copy of the data directory from the middle of it."""
    conftrail.start()
    until("the files to be read", lambda: conftrail.reads("app"))
    edit(conftrail, watched, 0, edits // 2)
    beside = report(conftrail, "verify")[0]
    scene.claim("`verify` works beside the running instance, which is intact", beside["ok"], beside)
    conftrail.stop()
    older = scene.path("older")
    shutil.copytree(conftrail.data, older, dirs_exist_ok=True)
    conftrail.start()
    edit(conftrail, watched, edits // 2, edits)
    conftrail.stop()
    return older


def edit(conftrail, watched, first, end):
    """Writes files, one after the other until each is an event: their order is the record's."""
    for number in range(first, end):
        (watched / f"service-{number}.yaml").write_text(f"limit: {number}\nname: service {number}\n")
    until("the edits to be recorded", lambda: conftrail.count("source.name:app") >= end, 60)


def report(conftrail, *arguments):
    """The report of a verification, its exit code, and what a person reads."""
    done = conftrail.call("--output", "json", *arguments)
    return (json.loads(done.stdout) if done.stdout else {"ok": False, "findings": []}), done.returncode, done.stderr


def looked_at(conftrail, data, key):
    return report(conftrail, "verify", "--data-dir", data, "--public-key", key)


def named(found, kind, event):
    """Whether a finding of this kind names the event."""
    return any(one["kind"] == kind and one.get("event") == event for one in found["findings"])


def intact(scene, conftrail, key, edits):
    copy = Copy(scene, conftrail.data, "intact")
    found, code, _ = looked_at(conftrail, copy.data, key)
    newest = found["newest"]
    scene.claim(f"a copy without the key verifies with the public key: {found['size']} events, all as recorded",
                code == 0 and found["ok"] and newest["agrees"] and newest["size"] == found["size"] >= edits, found)
    sources = {source["source"]: source for source in found["sources"]}
    scene.claim("per source it says that there is no gap, and from when to when",
                sources["files:app"]["events"] == edits and not sources["files:app"]["gaps"], sources)
    copy.data.chmod(0o500)
    found, code, error = looked_at(conftrail, copy.data, key)
    copy.data.chmod(0o700)
    scene.claim("a copy that nobody can write to verifies, too", code == 0, error)
    # The same arithmetic in another language.
    leaves = [leaf for leaf, *_ in rows(copy.data)]
    with copy.database() as file:
        hashes = [row[0] for row in file.execute("SELECT hash FROM leaves ORDER BY leaf")]
    root = base64.b64encode(root_of(grown(hashes)[1])).decode()
    scene.equal("the root that 20 lines of Python make of the leaves is the signed one", root, newest["root"])
    scene.claim("leaves are numbered without a gap", leaves == list(range(len(leaves))))


def proofs(scene, conftrail, key):
    elsewhere = scene.path("elsewhere")
    held = []
    for leaf, _, event, _ in chosen(rows(conftrail.data), 5):
        proof = elsewhere / f"{event}.tlog-proof"
        proof.write_text(conftrail.call("verify", "--proof", event).stdout)
        done = conftrail.call("--output", "json", "verify", "--check-proof", proof, "--public-key", key)
        proven = json.loads(done.stdout) if done.stdout else {}
        held.append((event, proven.get("event") == event and proven.get("leaf") == leaf, done.stderr))
        extra = proof.read_text().splitlines()[1].removeprefix("extra ")
        shown = base64.b64decode(extra)
        forged = shown.replace(b'"create"', b'"delete"').replace(b'"snapshot"', b'"deleted"')
        proof.write_text(proof.read_text().replace(extra, base64.b64encode(forged).decode()))
        refused = conftrail.call("verify", "--check-proof", proof, "--public-key", key)
        held.append((f"{event} forged", forged != shown and refused.returncode == 1, refused.stdout))
        held.append((f"{event} leaf", leaf_hash(event, shown) == stored_hash(conftrail.data, leaf)))
    scene.all_of("a proof of one event is checked with the public key alone, and a forged one is refused", held)


def stored_hash(data, leaf):
    with sqlite3.connect(data / "trail.db") as file:
        return file.execute("SELECT hash FROM leaves WHERE leaf = ?", [leaf]).fetchone()[0]


def bits(scene, conftrail, key, number):
    chance = random.Random(number)
    held = []
    for leaf, row, event, body in chosen(rows(conftrail.data), number):
        copy = Copy(scene, conftrail.data, "bit")
        if not flip_bit(copy, row, body, chance):
            continue
        found, code, _ = looked_at(conftrail, copy.data, key)
        held.append((f"leaf {leaf}", code == 1 and named(found, "changed", event) and len(found["findings"]) == 1, found["findings"]))
    scene.all_of("one bit of one event changed in trail.db: the event is named, and no other", held)


def altered(scene, conftrail, key):
    (first, second, third, fourth) = chosen(rows(conftrail.data)[5:-1], 4)
    copy = Copy(scene, conftrail.data, "removed")
    remove(copy, first[1])
    found, code, _ = looked_at(conftrail, copy.data, key)
    scene.claim("one row removed: its event is named", code == 1 and named(found, "removed", first[2]) and len(found["findings"]) == 1, found["findings"])

    copy = Copy(scene, conftrail.data, "added")
    add(copy, second[1], FOREIGN)
    found, code, _ = looked_at(conftrail, copy.data, key)
    scene.claim("one row added: it is named as one that was never recorded", code == 1 and named(found, "added", FOREIGN), found["findings"])

    for whole in (False, True):
        leaf, row, event, _ = fourth if whole else third
        forged = conftrail.ask("show", event, "--offline")[0]
        forged["actor"] = {**forged["actor"], "name": "somebody.else"}
        copy = Copy(scene, conftrail.data, "rewritten")
        rewrite(copy, leaf, row, forged, whole)
        found, code, _ = looked_at(conftrail, copy.data, key)
        if not whole:
            scene.claim("one event rewritten, with what searches find it by: it is named",
                        code == 1 and named(found, "changed", event) and len(found["findings"]) == 1, found["findings"])
            continue
        texts = [one["text"] for one in found["findings"] if one["kind"] == "checkpoint"]
        scene.claim("one event rewritten with its leaf and the whole tree: what was signed does not agree, and says between which leaves",
                    code == 1 and len(texts) == 1 and "were exchanged" in texts[0] and not found["newest"]["agrees"], found["findings"])
        scene.say(f"      {texts[0] if texts else ''}")


def rolled_back(scene, conftrail, key, older):
    copy = Copy(scene, conftrail.data, "rolled-back")
    shutil.copy(older / "trail.db", copy.data / "trail.db")
    found, code, _ = looked_at(conftrail, copy.data, key)
    kinds = [one["kind"] for one in found["findings"]]
    scene.claim("an older copy in the place of trail.db: it is told how many events are gone, from which leaf on",
                code == 1 and kinds == ["rolled_back"], found["findings"])
    scene.say(f"      {found['findings'][0]['text'] if found['findings'] else ''}")
    kept = conftrail.home / "kept.checkpoint"
    kept.write_text(looked_at(conftrail, conftrail.data, key)[0]["newest"]["note"])
    found, code, _ = report(conftrail, "verify", "--data-dir", older, "--public-key", key, "--checkpoint", kept)
    scene.claim("with every file put back, a checkpoint that was kept elsewhere tells",
                code == 1 and [one["kind"] for one in found["findings"]] == ["rolled_back"], found["findings"])


def derived(scene, conftrail, key):
    """What searches read: each row that was altered is named, though the record is intact, and is made anew."""
    found, code, _ = report(conftrail, "verify", "--derived")
    scene.claim("full text, counts, present values and indices are what the events make", code == 0 and found["derived"] == 0, found["findings"])
    held = []
    with sqlite3.connect(conftrail.data / "trail.db") as file:
        written = file.execute("SELECT key, name FROM events WHERE source_name = 'app' AND action IN ('create', 'snapshot') ORDER BY key").fetchall()
    event, name = chosen(written, 1)[0]
    for what, kind, row, sql in hidden(event):
        copy = Copy(scene, conftrail.data, "derived")
        with copy.database() as file:
            file.executescript(sql)
        plain, code, _ = looked_at(conftrail, copy.data, key)
        held.append((f"{what}, the record is intact", code == 0 and plain["ok"] and "derived" not in plain, plain["findings"]))
        found, code, _ = report(conftrail, "verify", "--derived", "--data-dir", copy.data, "--public-key", key)
        said = [(one["kind"], one.get("row", "")) for one in found["findings"]]
        held.append((what, code == 1 and len(said) == found["derived"] == 1 and said[0][0] == kind and said[0][1].startswith(row), found["findings"]))
    scene.all_of("a row of what searches read altered, removed or added: `verify --derived` names it", held)

    word = name.removesuffix(".yaml").replace("-", " ")
    before = conftrail.count(f'"{word}"')
    with sqlite3.connect(conftrail.data / "trail.db") as file:
        file.executescript("INSERT INTO words (words) VALUES ('delete-all'); UPDATE daily SET count = count + 7; DELETE FROM current;")
    hidden_now = conftrail.count(f'"{word}"')
    done = conftrail.call("rebuild")
    found, code, _ = report(conftrail, "verify", "--derived")
    scene.claim(f"`conftrail rebuild` makes it anew: a search that found {hidden_now} finds {before} again",
                done.returncode == 0 and code == 0 and found["ok"] and hidden_now == 0 < before == conftrail.count(f'"{word}"'), (done.stderr, found["findings"]))


def hidden(key):
    """Alterations that hide an event or show what never was: what, the kind and row of the finding, the statements."""
    row = f"(SELECT resource FROM events WHERE key = {key})"
    return [
        ("a word taken out of the full text", "changed", f"words {key}",
         f"INSERT INTO words (words, rowid, text) VALUES ('delete', {key}, 'limit')"),
        ("a word put into it", "changed", f"words {key}", f"INSERT INTO words (rowid, text) VALUES ({key}, 'innocent')"),
        ("words of an event that never was", "added", "words 99", "INSERT INTO words (rowid, text) VALUES (99, 'innocent')"),
        ("a count of a day changed", "changed", "daily action", "UPDATE daily SET count = count - 1 WHERE field = 'action' AND count = (SELECT max(count) FROM daily WHERE field = 'action')"),
        ("a count of an hour removed", "removed", "hourly", "DELETE FROM hourly WHERE hour = (SELECT max(hour) FROM hourly)"),
        ("a value counted that never was", "added", "daily actor.name", "INSERT INTO daily SELECT 'actor.name', max(day), 'mallory', 1 FROM daily"),
        ("a present value removed", "removed", "current files:app", f"DELETE FROM current WHERE resource = {row}"),
        ("a present value said to be deleted", "changed", "current files:app", f"UPDATE current SET deleted = 1 WHERE resource = {row}"),
        ("a present value of a resource that never was", "added", "current files:app/none",
         f"INSERT INTO current SELECT 'files:app/none', epoch, partition, offset, time, key, 0 FROM current WHERE resource = {row}"),
        ("a note that events came late", "added", "unordered_slices", "INSERT INTO unordered_slices VALUES (1)"),
    ]


def lost_key(scene, conftrail, watched, key):
    (conftrail.data / "signing.key").unlink()
    before = conftrail.count("source.name:app")
    conftrail.start()
    until("conftrail to read the files", lambda: conftrail.reads("app"))
    edit(conftrail, watched, before, before + 3)
    until("the new key to be recorded", lambda: conftrail.count("name:signing-key and action:update") == 1)
    conftrail.stop()
    said = [line for line in conftrail.log.read_text().splitlines() if "the signing key" in line]
    scene.claim("a lost signing key is one sentence, and capture goes on with a new one", len(said) == 1, said)
    found, code, error = report(conftrail, "verify")
    scene.claim("verify says that the key changed, and which event recorded it",
                code == 0 and len(found["keys"]) == 2 and any("was" in change for change in found["key_changes"]), (found["findings"], error))
    found, code, _ = looked_at(conftrail, conftrail.data, key)
    scene.claim("who knows the old public key only is told what the new one signed",
                code == 1 and [one["kind"] for one in found["findings"]] == ["key"], found["findings"])


if __name__ == "__main__":
    play("08-integrity", story)
