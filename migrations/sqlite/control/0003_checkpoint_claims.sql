-- Which of the collectors of a source moves its checkpoint: the number of the last claim, and of the one whose saves count.
CREATE TABLE checkpoint_claims (
    source TEXT NOT NULL PRIMARY KEY,
    last   INTEGER NOT NULL,
    holder INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
