-- What each source's appender last saw of the change log: its identity and its end, as JSON. Kept here because the log
-- itself cannot tell that it was removed or put back from a copy.
CREATE TABLE log_places (
    source TEXT NOT NULL PRIMARY KEY,
    place  TEXT NOT NULL
) WITHOUT ROWID, STRICT;
