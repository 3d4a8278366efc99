-- What the keeping process runs. A statement that takes many rows has ? in the order of its columns.

-- name: take_term
UPDATE server SET epoch = epoch + 1;

-- name: term
SELECT epoch, latest FROM server;

-- name: fence
-- Touches no row once a later server has taken over.
UPDATE server SET latest = max(latest, :latest) WHERE epoch = :epoch;

-- name: job
INSERT INTO job (id, name, token, digest, by, at, open, shut, count, spec)
VALUES (:job, :name, :token, :digest, :by, :at, :open, :shut, :count, :spec);

-- name: payload
INSERT INTO payload (job, first, count, packed) VALUES (:job, :first, :count, :packed);

-- name: append
UPDATE job SET count = max(count, :end) WHERE id = :job AND open;

-- name: shut
UPDATE job SET shut = 1, count = :count WHERE id = :job;

-- name: over
UPDATE job SET ended_at = :at, state = :state, counts = :counts WHERE id = :job AND ended_at = 0;

-- name: cancel
INSERT INTO cancel (job, ranges, outcome, by, reason, at) VALUES (:job, :ranges, :outcome, :by, :reason, :at);

-- name: attempts
INSERT INTO attempt (job, task, number, worker, granted_at) VALUES (?, ?, ?, ?, ?);

-- name: endings
-- The first end of an attempt, and the first final end of a task, stands; a stale one changes nothing.
INSERT INTO ending (job, task, number, ended_at, retry_at, outcome, code, seconds, detail, result)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: report
INSERT OR REPLACE INTO report (job, task, number, step, "values", at)
VALUES (:job, :task, :number, :step, :values, :at);

-- name: checkpoint
INSERT OR REPLACE INTO checkpoint (job, task, number, step, metric, files, at)
VALUES (:job, :task, :number, :step, :metric, :files, :at);

-- name: drop_checkpoints
DELETE FROM checkpoint WHERE job = ? AND task = ? AND number = ? AND step = ?;

-- name: worker
INSERT OR REPLACE INTO worker (id, name, state, machine, at, reason, by)
VALUES (:worker, :name, :state, :machine, :at, :reason, :by);

-- name: token
INSERT OR REPLACE INTO token (digest, role, name, at, expires_at, worker, by)
VALUES (:digest, :role, :name, :at, :expires_at, :worker, :by);

-- name: spend
UPDATE token SET spent_at = :at WHERE digest = :digest AND spent_at = 0;

-- name: event
INSERT INTO event (at, kind, subject, body) VALUES (:at, :kind, :subject, :body);
