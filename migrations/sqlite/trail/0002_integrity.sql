-- Proof that events were not altered: a Merkle tree over them (RFC 6962), and what was signed of it. docs/integrity.md
-- says what it proves; written by src/trail/grow.rs in the transaction that stores the events.

-- One leaf for each event, numbered from 0 in the order they were stored. `key` is the event's in `events` and
-- `bodies`; a leaf stays when its event is removed, so that what was removed has a name. `stored` is a checksum over the
-- body as it is stored: it finds damage where the leaf, which is over the canonical bytes, does not reach.
CREATE TABLE leaves (
    leaf   INTEGER PRIMARY KEY,
    key    INTEGER NOT NULL UNIQUE,
    id     TEXT NOT NULL,
    hash   BLOB NOT NULL,
    stored INTEGER NOT NULL
) STRICT;

-- The complete subtrees of 256, 65536, … leaves: with them a proof reads a few hundred rows whatever the tree's size.
CREATE TABLE nodes (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    PRIMARY KEY (level, number)
) WITHOUT ROWID, STRICT;

-- The tree's name, which no other trail has, and all that is needed to go on appending to it. `older` is the last key
-- of the events that were stored before there was a tree, while they have no leaves yet.
CREATE TABLE tree (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    origin TEXT NOT NULL,
    size   INTEGER NOT NULL,
    peaks  BLOB NOT NULL,
    older  INTEGER
) STRICT;
INSERT INTO tree SELECT 1, 'conftrail/trail/' || lower(hex(randomblob(8))), 0, x'', max(key) FROM bodies;

-- Signed notes (C2SP tlog-checkpoint): the newest, and of the older ones those that are `kept`.
CREATE TABLE checkpoints (
    size   INTEGER NOT NULL,
    signer TEXT NOT NULL,
    time   INTEGER NOT NULL,
    kept   INTEGER NOT NULL CHECK (kept IN (0, 1)),
    note   TEXT NOT NULL,
    PRIMARY KEY (size, signer)
) WITHOUT ROWID, STRICT;
CREATE INDEX checkpoints_passing ON checkpoints (size) WHERE kept = 0;
