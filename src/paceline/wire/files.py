"""Files between worker and server: what is said of them, and their bytes in pieces."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from paceline.model.checkpoint import Checkpoint
from paceline.model.file import File, check_files
from paceline.model.ids import AttemptId, JobId
from paceline.wire.gen import worker_pb2 as pb

FILES_LIMIT = 4096
"""Files of one checkpoint or model."""

Named: TypeAlias = pb.Checkpoint | pb.FindCheckpoints | pb.Publish


def attempt_of(message: Named) -> AttemptId:
    """Whose it is."""
    return AttemptId(JobId(message.job), message.index, message.number)


def files_to_wire(files: Iterable[File]) -> list[pb.File]:
    return [pb.File(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in files]


def files_from_wire(messages: Sequence[pb.File]) -> tuple[File, ...]:
    """Raises UsageError for none, too many, one twice, and names or hashes that are none."""
    files = tuple(File(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in messages)
    check_files(files, FILES_LIMIT)
    return files


def checkpoint_to_wire(made: Checkpoint) -> pb.Checkpoint:
    job, index, number = made.attempt
    files = files_to_wire(made.files)
    return pb.Checkpoint(job=job, index=index, number=number, step=made.step, files=files, metric=made.metric)


def checkpoint_from_wire(message: pb.Checkpoint) -> Checkpoint:
    """Raises UsageError for what is none."""
    return Checkpoint(
        attempt=attempt_of(message),
        step=message.step,
        files=files_from_wire(message.files),
        metric=message.metric if message.HasField("metric") else None,
    )
