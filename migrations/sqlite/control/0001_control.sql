-- The control store. Times are microseconds since 1970 in UTC. Bodies are JSON, in the vocabulary of the event
-- format. What the workers ask for stands in columns of its own; the body is never searched.

-- How far each source has been read.
CREATE TABLE checkpoints (
    source   TEXT NOT NULL PRIMARY KEY,
    position TEXT NOT NULL
) WITHOUT ROWID, STRICT;

-- What a source keeps beside its position, one row for each entry, so that a save writes only what changed.
CREATE TABLE checkpoint_state (
    source TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (source, key)
) STRICT;

-- What rules found. `seq` is the order of recording; `alert` belongs to the fates announced and counted,
-- `reason` to no_alert.
CREATE TABLE detections (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    detected INTEGER NOT NULL,
    fate     TEXT NOT NULL DEFAULT 'open' CHECK (fate IN ('open', 'announced', 'counted', 'no_alert')),
    alert    TEXT,
    reason   TEXT,
    body     TEXT NOT NULL,
    CHECK ((fate IN ('announced', 'counted')) = (alert IS NOT NULL)),
    CHECK ((fate = 'no_alert') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX detections_open ON detections (seq) WHERE fate = 'open';
CREATE INDEX detections_by_alert ON detections (alert, fate, seq) WHERE alert IS NOT NULL;
CREATE INDEX detections_by_time ON detections (detected);

CREATE TABLE alerts (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    group_key    TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('collecting', 'announced')),
    flush_at     INTEGER,
    announced_at INTEGER,
    opened       INTEGER NOT NULL,
    body         TEXT NOT NULL,
    CHECK ((state = 'collecting') = (flush_at IS NOT NULL)),
    CHECK ((state = 'announced') = (announced_at IS NOT NULL))
) STRICT;
CREATE INDEX alerts_due ON alerts (flush_at) WHERE state = 'collecting';
CREATE INDEX alerts_by_group ON alerts (group_key, state, announced_at);
CREATE INDEX alerts_announced ON alerts (announced_at) WHERE state = 'announced';
CREATE INDEX alerts_by_time ON alerts (opened, seq);

-- The outbox: queued or unknown -> intent -> sent, queued, unknown or dead.
CREATE TABLE notifications (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    receiver        TEXT NOT NULL,
    integration     TEXT NOT NULL,
    alert           TEXT NOT NULL,
    state           TEXT NOT NULL
                    CHECK (state IN ('queued', 'intent', 'unknown', 'sent', 'dead', 'suppressed')),
    attempts        INTEGER NOT NULL,
    possible_repeat INTEGER NOT NULL CHECK (possible_repeat IN (0, 1)),
    created         INTEGER NOT NULL,
    due             INTEGER NOT NULL,
    last_error      TEXT,
    receipt         TEXT,
    settled_at      INTEGER,
    announcement    TEXT NOT NULL,
    CHECK ((state IN ('sent', 'dead', 'suppressed')) = (settled_at IS NOT NULL))
) STRICT;
-- Named in the queries: by the states alone the planner would take the index below and sort the whole backlog.
CREATE INDEX notifications_waiting ON notifications (due, seq) WHERE state IN ('queued', 'unknown');
CREATE INDEX notifications_by_state ON notifications (state, seq);
CREATE INDEX notifications_by_alert ON notifications (alert);
CREATE INDEX notifications_by_time ON notifications (created);

-- Names are unique among the tokens that are valid; that depends on the clock, so the code checks it.
CREATE TABLE tokens (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'auditor', 'admin')),
    hash    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER
) STRICT;
CREATE INDEX tokens_by_name ON tokens (name);

-- conftrail's own acts. AUTOINCREMENT: a number that was read once is never given to another act.
CREATE TABLE acts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL
) STRICT;
CREATE INDEX acts_by_thing ON acts (kind, name, sequence);

-- What could not be processed, as it came.
CREATE TABLE asides (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    place  TEXT NOT NULL,
    key    TEXT NOT NULL,
    time   INTEGER NOT NULL,
    reason TEXT NOT NULL,
    bytes  BLOB NOT NULL,
    UNIQUE (place, key)
) STRICT;
