-- Answers to the questions of model/queries.py.

-- name: jobs
SELECT id, at, token, digest, by, count, ended_at, state, counts, spec
FROM job
WHERE id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: jobs_of_name
SELECT id, at, token, digest, by, count, ended_at, state, counts, spec
FROM job
WHERE name = :name AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: jobs_of_ids
SELECT id, at, token, digest, by, count, ended_at, state, counts, spec
FROM job
WHERE id IN (SELECT value FROM json_each(:ids)) AND id < :before AND (:name = '' OR name = :name)
ORDER BY id DESC
LIMIT :limit;

-- name: cancels
SELECT ranges, outcome, by, reason, at FROM cancel WHERE job = :job ORDER BY id;

-- name: submission
SELECT id, digest FROM job WHERE token = :token AND token <> '' ORDER BY id;

-- name: latest_attempts
-- SQLite takes the bare columns of the inner query from the row that has the maximum.
SELECT
    a.job, a.task, a.number, coalesce(w.name, ''), a.granted_at, coalesce(e.outcome, ''), coalesce(e.code, 0),
    coalesce(e.detail, ''), coalesce(e.ended_at, 0.0), coalesce(e.seconds, 0.0), coalesce(e.retry_at, 0.0)
FROM (
    SELECT job, task, max(number) AS number, worker, granted_at
    FROM attempt
    WHERE job = :job AND task > :after
    GROUP BY task
    ORDER BY task
    LIMIT :limit
) AS a
LEFT JOIN ending AS e ON e.job = a.job AND e.task = a.task AND e.number = a.number
LEFT JOIN worker AS w ON w.id = a.worker
ORDER BY a.task;

-- name: task_attempts
SELECT
    a.job, a.task, a.number, coalesce(w.name, ''), a.granted_at, coalesce(e.outcome, ''), coalesce(e.code, 0),
    coalesce(e.detail, ''), coalesce(e.ended_at, 0.0), coalesce(e.seconds, 0.0), coalesce(e.retry_at, 0.0)
FROM attempt AS a
LEFT JOIN ending AS e ON e.job = a.job AND e.task = a.task AND e.number = a.number
LEFT JOIN worker AS w ON w.id = a.worker
WHERE a.job = :job AND a.task = :task
ORDER BY a.number;

-- name: results
SELECT task, number, outcome, code, detail, result, seconds
FROM ending
WHERE job = :job AND task > :after AND retry_at = 0
ORDER BY task
LIMIT :limit;

-- name: entries
SELECT first, packed FROM payload WHERE job = :job AND first + count > :after + 1 ORDER BY first;

-- name: reports
SELECT job, task, number, step, "values", at
FROM (
    SELECT id, job, task, number, step, "values", at
    FROM report
    WHERE job = :job AND (:index < 0 OR task = :index)
    ORDER BY id DESC
    LIMIT :limit
)
ORDER BY id;

-- name: first_event
-- From some time on. What is written together may differ in time by less than it is asked for.
SELECT coalesce((SELECT seq FROM event WHERE at >= :since ORDER BY at, seq LIMIT 1), (SELECT max(seq) + 1 FROM event), 1);

-- name: reports_from
SELECT id, job, task, number, step, "values", at
FROM report
WHERE job = :job AND id > :after AND (:index < 0 OR task = :index)
ORDER BY id
LIMIT :limit;

-- name: events
SELECT seq, at, kind, subject, body FROM event WHERE seq > :after ORDER BY seq LIMIT :limit;

-- name: newest_events
SELECT seq, at, kind, subject, body FROM event WHERE seq > :after ORDER BY seq DESC LIMIT :limit;

-- name: events_of_kind
SELECT seq, at, kind, subject, body
FROM event
WHERE kind = :kind AND seq > :after
ORDER BY seq
LIMIT :limit;

-- name: newest_events_of_kind
SELECT seq, at, kind, subject, body
FROM event
WHERE kind = :kind AND seq > :after
ORDER BY seq DESC
LIMIT :limit;

-- name: events_about
SELECT seq, at, kind, subject, body
FROM event
WHERE subject = :subject AND seq > :after AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
ORDER BY seq
LIMIT :limit;

-- name: newest_events_about
SELECT seq, at, kind, subject, body
FROM event
WHERE subject = :subject AND seq > :after AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
ORDER BY seq DESC
LIMIT :limit;
