-- What `at TIME` needs beside the events: how far each source was read, and the events about whole sources.

-- From when to when everything that a source committed is on record, by the source's own clock. A gap ends one
-- stretch; at most one of a source is open. Not made of events: `rebuild` leaves it alone.
CREATE TABLE captured (
    source TEXT NOT NULL,
    since  INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    open   INTEGER NOT NULL CHECK (open IN (0, 1)),
    PRIMARY KEY (source, since)
) WITHOUT ROWID, STRICT;

-- A gap, for one, is about a resource of its source whose name tells nothing about the others.
CREATE INDEX events_of_sources ON events (resource, epoch, partition, offset) WHERE resource_kind = 'source';
