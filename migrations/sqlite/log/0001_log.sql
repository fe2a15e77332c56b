-- The change log. Times are microseconds since 1970 in UTC.

-- One row: what tells this log from a rebuilt one. The epoch is the second of its making, so that a log made anew
-- orders everything after what the old one ordered.
CREATE TABLE identity (
    id    TEXT NOT NULL,
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO identity VALUES (lower(hex(randomblob(16))), unixepoch());

-- AUTOINCREMENT: offsets go on after the log was trimmed empty; consumers would skip what came under old ones.
-- `change` is the id of a change and null for progress. `body` is written and read by src/body.rs.
CREATE TABLE records (
    offset   INTEGER PRIMARY KEY AUTOINCREMENT,
    change   TEXT UNIQUE,
    appended INTEGER NOT NULL,
    body     BLOB NOT NULL
) STRICT;

-- Where each consumer group goes on: the first offset whose effect it has not confirmed.
CREATE TABLE groups (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
