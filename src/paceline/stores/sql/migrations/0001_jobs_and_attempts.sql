PRAGMA application_id = 0x50434C4E;  -- "PCLN"

-- One row: whose term it is, and the latest time that was ever kept.
CREATE TABLE server (
    epoch INTEGER NOT NULL,
    latest REAL NOT NULL
);
INSERT INTO server (epoch, latest) VALUES (0, 0);

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    digest TEXT NOT NULL,
    at REAL NOT NULL,
    open INTEGER NOT NULL,  -- tasks come by appending
    shut INTEGER NOT NULL,  -- no more will come
    count INTEGER NOT NULL,  -- tasks it has by now
    ended_at REAL NOT NULL DEFAULT 0,  -- 0: not over
    state TEXT NOT NULL DEFAULT '',  -- of an ended one
    counts TEXT NOT NULL DEFAULT '{}',  -- JSON, of an ended one: final state → tasks
    spec TEXT NOT NULL  -- JSON
);
CREATE INDEX job_by_name ON job (name);
CREATE INDEX job_by_token ON job (token) WHERE token <> '';
CREATE INDEX job_live ON job (id) WHERE ended_at = 0;

-- Payloads of tasks first, first+1 …, as msgpack array.
CREATE TABLE payload (
    job INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (job, first)
);

CREATE TABLE cancel (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    ranges TEXT NOT NULL,  -- JSON; empty: all
    outcome TEXT NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX cancel_by_job ON cancel (job);

-- An attempt and its end are two rows: both are only ever appended, and a second end has no place to go.
CREATE TABLE attempt (
    job INTEGER NOT NULL,
    task INTEGER NOT NULL,  -- index within the job
    number INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    granted_at REAL NOT NULL,
    PRIMARY KEY (job, task, number)
) WITHOUT ROWID;

CREATE TABLE ending (
    job INTEGER NOT NULL,
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    ended_at REAL NOT NULL,
    retry_at REAL NOT NULL,  -- 0: this end is the task's
    outcome TEXT NOT NULL,
    code INTEGER NOT NULL,
    seconds REAL NOT NULL,
    detail TEXT NOT NULL,
    result BLOB NOT NULL,
    PRIMARY KEY (job, task, number)
) WITHOUT ROWID;
-- Exactly-once recording: a task has at most one final end.
CREATE UNIQUE INDEX ending_final ON ending (job, task) WHERE retry_at = 0;

CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    "values" TEXT NOT NULL,  -- JSON
    at REAL NOT NULL,
    UNIQUE (job, task, number, step)
);
CREATE INDEX report_by_job ON report (job);

CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    machine TEXT NOT NULL,  -- JSON
    at REAL NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    at REAL NOT NULL,
    expires_at REAL NOT NULL,  -- 0: never
    worker INTEGER NOT NULL,
    spent_at REAL NOT NULL DEFAULT 0  -- 0: still good
);

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL  -- JSON
);
