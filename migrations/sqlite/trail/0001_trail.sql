-- The audit store. Times are microseconds since 1970 in UTC.

-- What events are found, ordered and counted by. `key` begins with the slice of time the event belongs to
-- (src/trail/place.rs), so every index below, and the full text, hands events out in time's order.
-- `flags` holds the words with a space on each side.
CREATE TABLE events (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    time          INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    partition     INTEGER NOT NULL,
    offset        INTEGER NOT NULL,
    action        TEXT NOT NULL,
    source_kind   TEXT NOT NULL,
    source_name   TEXT NOT NULL,
    resource      TEXT NOT NULL,
    renamed_to    TEXT,
    resource_kind TEXT NOT NULL,
    env           TEXT,
    namespace     TEXT,
    grouping      TEXT,
    name          TEXT NOT NULL,
    service       TEXT,
    owner         TEXT,
    actor         TEXT,
    binding       TEXT NOT NULL,
    authority     TEXT NOT NULL,
    ticket        TEXT,
    correlation   TEXT,
    flags         TEXT
) STRICT;
CREATE INDEX events_by_resource ON events (resource, epoch, partition, offset);
CREATE INDEX events_by_renamed ON events (renamed_to, epoch, partition, offset) WHERE renamed_to IS NOT NULL;
CREATE INDEX events_by_actor ON events (actor) WHERE actor IS NOT NULL;
CREATE INDEX events_by_ticket ON events (ticket) WHERE ticket IS NOT NULL;
CREATE INDEX events_by_correlation ON events (correlation) WHERE correlation IS NOT NULL;
-- A key of its own: flagged events are few, and wanted in their order whatever their flags.
CREATE INDEX events_flagged ON events (key) WHERE flags IS NOT NULL;
CREATE INDEX events_by_action ON events (action);

-- The events themselves, apart, so that what is looked through stays small. Written and read by src/body.rs.
CREATE TABLE bodies (
    key  INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;

-- Slices of time whose keys are not in the order of time and log, because something arrived late.
CREATE TABLE unordered_slices (
    slice INTEGER PRIMARY KEY
) STRICT;

-- The events' texts as tokens (docs: src/trail/words.rs). `ascii` splits at spaces and leaves our tokens alone.
CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0, tokenize = 'ascii');
-- One segment for each write, and segments merged by eights: less is written twice.
INSERT INTO words (words, rank) VALUES ('hashsize', 16777216);
INSERT INTO words (words, rank) VALUES ('automerge', 8);

-- How many events there were: of each hour, and of each value of the fields that pages show, by day.
CREATE TABLE hourly (
    hour  INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;
CREATE TABLE daily (
    field TEXT NOT NULL,
    day   INTEGER NOT NULL,
    value TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (field, day, value)
) WITHOUT ROWID, STRICT;

-- The event that each resource's value comes from: the newest in log order. Deletions stay, so that what arrives
-- late and is older changes nothing.
CREATE TABLE current (
    resource  TEXT NOT NULL PRIMARY KEY,
    epoch     INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset    INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    key       INTEGER NOT NULL,
    deleted   INTEGER NOT NULL CHECK (deleted IN (0, 1))
) WITHOUT ROWID, STRICT;

-- Since when nothing is known of the resources whose id starts so: the newest truncate, statement or gap.
CREATE TABLE unknown_since (
    prefix    TEXT NOT NULL PRIMARY KEY,
    epoch     INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    offset    INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    key       INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
