-- Those that stay; a replaced or dropped one leaves no row.
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY,  -- order in which they were kept
    job INTEGER NOT NULL,
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    metric REAL,  -- NULL: none was said
    files TEXT NOT NULL,  -- JSON
    at REAL NOT NULL,
    UNIQUE (job, task, number, step)
);
