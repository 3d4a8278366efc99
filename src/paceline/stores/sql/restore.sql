-- What a server needs to go on where the last one stopped.

-- name: server
SELECT epoch, latest, (SELECT coalesce(max(id), 0) + 1 FROM job) FROM server;

-- name: jobs
SELECT id, at, token, digest, by, open, shut, count, spec FROM job WHERE ended_at = 0 ORDER BY id;

-- name: attempts
SELECT a.task, a.number, a.worker, a.granted_at, coalesce(e.outcome, ''), coalesce(e.retry_at, 0.0)
FROM attempt AS a
LEFT JOIN ending AS e ON e.job = a.job AND e.task = a.task AND e.number = a.number
WHERE a.job = :job
ORDER BY a.task, a.number;

-- name: cancels
SELECT ranges, outcome, by, reason, at FROM cancel WHERE job = :job ORDER BY id;

-- name: checkpoints
SELECT c.job, c.task, c.number, c.step, c.metric, c.files
FROM checkpoint AS c JOIN job AS j ON j.id = c.job
WHERE j.ended_at = 0
ORDER BY c.id;

-- name: payload_spans
SELECT first, count FROM payload WHERE job = :job ORDER BY first;

-- name: payload
SELECT packed FROM payload WHERE job = :job AND first = :first;

-- name: workers
SELECT id, name, state, machine, at, reason, by FROM worker ORDER BY id;

-- name: tokens
SELECT digest, role, name, at, expires_at, worker, by
FROM token
WHERE spent_at = 0 AND (expires_at = 0 OR expires_at > :now)
ORDER BY id;
