-- The further alerts that detections are in, beside the one of their fate: each route that a detection takes has its own.
CREATE TABLE shares (
    alert     TEXT NOT NULL,
    detection TEXT NOT NULL,
    shown     INTEGER NOT NULL CHECK (shown IN (0, 1)),
    PRIMARY KEY (alert, detection)
) WITHOUT ROWID, STRICT;
CREATE INDEX shares_by_detection ON shares (detection);

-- The silence that keeps an alert from being told.
ALTER TABLE alerts ADD COLUMN silence TEXT;
CREATE INDEX alerts_silenced ON alerts (silence) WHERE silence IS NOT NULL AND state = 'collecting';

-- `told` is whether the silence's end was told, or needed no telling.
CREATE TABLE silences (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    starts INTEGER NOT NULL,
    ends   INTEGER NOT NULL,
    told   INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    body   TEXT NOT NULL
) STRICT;
CREATE INDEX silences_by_end ON silences (ends);
CREATE INDEX silences_untold ON silences (ends) WHERE told = 0;

-- What silences whose end was not told yet held back: one row for each suppressed notification.
CREATE TABLE held_back (
    notification TEXT NOT NULL PRIMARY KEY,
    silence      TEXT NOT NULL,
    receiver     TEXT NOT NULL,
    integration  TEXT NOT NULL,
    findings     INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX held_back_by_silence ON held_back (silence);
