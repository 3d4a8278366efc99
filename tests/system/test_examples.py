"""The programs in ``examples`` do what they say."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paceline.tasks.train import folder

if TYPE_CHECKING:
    from tests.system.conftest import Fleet

pytestmark = pytest.mark.system

EXAMPLES = Path(__file__).parents[2] / "examples"


def said(*words: object, cwd: Path, **variables: str) -> str:
    """What a program prints; it must exit with 0."""
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo(tmp_path: Path) -> None:
    text = said(EXAMPLES / "demo.py", tmp_path / "demo", cwd=tmp_path)
    models = {folder.load(each).trained.model.format for each in (tmp_path / "demo/models").iterdir()}
    assert models == {"skops", "ubj", "safetensors"}
    for name in ("RandomForest_96.4%", "XGBoost_R2-0.284", "NeuralNetwork_9"):
        assert name in text
    assert "\nprediction,probability_benign,probability_malignant\n" in text
    assert "found y = 2.97 x + -0.98" in text
    assert "failed" not in text


def test_a_training_script_is_one_without_paceline_too(tmp_path: Path) -> None:
    assert "found y = 2.97 x + -0.98" in said(EXAMPLES / "hello_training.py", cwd=tmp_path)


def test_a_task_of_the_array(tmp_path: Path) -> None:
    assert said(EXAMPLES / "primes.py", cwd=tmp_path) == "2262 primes from 0 to 19999\n"
    assert "from 40000 to 59999" in said(EXAMPLES / "primes.py", cwd=tmp_path, PACELINE_ARRAY_INDEX="2")


def test_functions_on_the_fleet(fleet: "Fleet", tmp_path: Path) -> None:
    text = said(EXAMPLES / "executor_map.py", cwd=tmp_path, PACELINE_HOME=str(fleet.home))
    assert text.startswith("pi is about 3.14")
