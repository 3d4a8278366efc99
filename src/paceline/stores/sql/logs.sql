-- Output of attempts, in a database of its own.

-- name: size
SELECT coalesce(max(stop), 0) FROM chunk
WHERE job = :job AND task = :task AND number = :number AND stream = :stream
    AND start = (
        SELECT max(start) FROM chunk WHERE job = :job AND task = :task AND number = :number AND stream = :stream
    );

-- name: chunk
INSERT INTO chunk (job, task, number, stream, start, stop, data)
VALUES (:job, :task, :number, :stream, :start, :stop, :data);

-- name: shed
DELETE FROM chunk
WHERE job = :job AND task = :task AND number = :number AND stream = :stream AND start >= :head
    AND start < :tail AND stop <= :tail;

-- name: chunks
SELECT start, data FROM chunk
WHERE job = :job AND task = :task AND number = :number AND stream = :stream AND start >= (
    SELECT coalesce(max(start), 0) FROM chunk
    WHERE job = :job AND task = :task AND number = :number AND stream = :stream AND start <= :offset
)
ORDER BY start;
