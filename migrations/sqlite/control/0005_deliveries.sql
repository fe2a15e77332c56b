-- What is told instead, and how fast integrations are told.

-- 1 once others are told in the notification's place.
ALTER TABLE notifications ADD COLUMN fell_back INTEGER NOT NULL DEFAULT 0 CHECK (fell_back IN (0, 1));
-- The receivers that did not tell it, as a JSON list, first to last.
ALTER TABLE notifications ADD COLUMN instead_of TEXT NOT NULL DEFAULT '[]';
-- Named in the queries, like notifications_waiting: what waits, by integration.
CREATE INDEX notifications_by_lane ON notifications (receiver, integration, due, seq)
    WHERE state IN ('queued', 'unknown');
CREATE INDEX notifications_without_fallback ON notifications (receiver, created)
    WHERE state IN ('queued', 'unknown') AND fell_back = 0;

-- When attempts at integrations with a rate limit were begun; rows older than the limit's time are removed with the next
-- attempt.
CREATE TABLE attempts (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver    TEXT NOT NULL,
    integration TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_lane ON attempts (receiver, integration, at);
