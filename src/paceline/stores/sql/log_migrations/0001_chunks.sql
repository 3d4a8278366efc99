PRAGMA application_id = 0x50434C4C;  -- "PCLL"

-- Output of attempts. A byte is kept once: chunks of a stream never overlap.
CREATE TABLE chunk (
    job INTEGER NOT NULL,
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    stream TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (job, task, number, stream, start)
);
