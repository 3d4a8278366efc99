-- Who did it: the name of a credential.
ALTER TABLE job ADD COLUMN by TEXT NOT NULL DEFAULT '';
ALTER TABLE worker ADD COLUMN by TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN by TEXT NOT NULL DEFAULT '';

-- The event log is asked about one thing, about one kind of change, or from some time on.
CREATE INDEX event_by_subject ON event (subject);
CREATE INDEX event_by_kind ON event (kind);
CREATE INDEX event_by_time ON event (at);
