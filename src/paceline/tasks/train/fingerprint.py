"""Which data it was: enough to tell whether another table is the same one, and to say how it differs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Of the tables that a model was made from. ``sha256`` is what ``sha256sum`` says of the file."""

    sha256: str = ""
    rows: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)  # name → type, as the file has it
    validation_sha256: str = ""  # of validation_data, where it was given


def fingerprint(params: TrainParams, table: Table) -> Fingerprint:
    """Reads the files once more, as they are on the disk."""
    return Fingerprint(
        sha256=digest(table.path),
        rows=table.columns.num_rows,
        columns={field.name: str(field.type) for field in table.columns.schema},
        validation_sha256=digest(Path(params.validation_data)) if params.validation_data else "",
    )


def digest(file: Path) -> str:
    """SHA-256 of what is in a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
