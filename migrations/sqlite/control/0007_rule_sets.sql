-- The rule set in force: the texts of its files as JSON, checked without an error. One row: what was in force before is told
-- by own audit. Kept here so that a start with a broken file goes on with what was good.
CREATE TABLE rule_sets (
    only      INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    digest    TEXT NOT NULL,
    published INTEGER NOT NULL,
    files     TEXT NOT NULL
) STRICT;
