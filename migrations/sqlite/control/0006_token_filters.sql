-- The only events that a token may see, in the query language; null means all that its role may.
ALTER TABLE tokens ADD COLUMN filter TEXT;
