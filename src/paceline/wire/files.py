"""Files between worker and server: what is said of them, and their bytes in pieces."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from paceline.model.checkpoint import Checkpoint
from paceline.model.errors import UsageError
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId
from paceline.wire.gen import worker_pb2 as pb

FILES_LIMIT = 4096
"""Files of one checkpoint or model."""

_NAME = re.compile(r"[^\x00-\x1f]{1,1000}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Named: TypeAlias = pb.Checkpoint | pb.FindCheckpoints | pb.Publish


def attempt_of(message: Named) -> AttemptId:
    """Whose it is."""
    return AttemptId(JobId(message.job), message.index, message.number)


def files_to_wire(files: Iterable[File]) -> list[pb.File]:
    return [pb.File(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in files]


def files_from_wire(messages: Sequence[pb.File]) -> tuple[File, ...]:
    """Raises UsageError for none, too many, one twice, and names or hashes that are none."""
    if not 0 < len(messages) <= FILES_LIMIT:
        raise UsageError(f"files: {len(messages):,} of them", hint=f"from 1 to {FILES_LIMIT:,} are kept together")
    files = tuple(File(name=file.name, sha256=file.sha256, bytes=file.bytes) for file in messages)
    for file in files:
        if not _inside(file.name):
            raise UsageError(f"files: {file.name!r} is not the name of a file in a folder")
        if not _SHA256.fullmatch(file.sha256) or file.bytes < 0:
            raise UsageError(f"files: {file.name}: {file.sha256!r} is not a SHA-256, or {file.bytes} not a size")
    if len({file.name for file in files}) < len(files):
        raise UsageError("files: one name stands for several")
    return files


def _inside(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not {"", ".", ".."} & set(name.split("/"))


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
