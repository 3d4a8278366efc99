"""Somebody at a prompt."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """In a directory of his own; his home is the fleet's."""

    home: Path
    cwd: Path
    besides: Mapping[str, str] = field(default_factory=dict)  # of the environment
    patience: float = 60.0

    @property
    def env(self) -> Mapping[str, str]:
        """All of it."""
        return {**os.environ, "PACELINE_HOME": str(self.home), **self.besides}

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """``paceline`` with these words."""
        return subprocess.Popen(
            [sys.executable, "-m", "paceline", *words],
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str, code: int = 0) -> tuple[str, str]:
        """stdout and stderr of a command that ends as expected."""
        process = self.start(*words)
        out, err = process.communicate(timeout=self.patience)
        assert process.returncode == code, (out, err)
        return out, err
