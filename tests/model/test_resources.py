"""Which devices a request takes."""

import pytest

from paceline.model.resources import Gpu, GpuNeed


@pytest.mark.parametrize(
    ("model", "wanted", "taken"),
    [
        ("A100-SXM4-80GB", "A100", True),
        ("A100-SXM4-80GB", "a100", True),
        ("A100-SXM4-80GB", "A10", False),
        ("GEFORCE RTX 4090", "RTX4090", True),
        ("GEFORCE RTX 4090", "rtx-4090", True),
        ("GEFORCE RTX 4090", "4090", True),
        ("GEFORCE RTX 4090", "RTX40", False),
        ("H100 80GB HBM3", "H200", False),
        ("L4", "L40", False),
    ],
)
def test_a_model_is_named_by_whole_words(model: str, wanted: str, *, taken: bool) -> None:
    gpu = Gpu(uuid="GPU-1", vendor="nvidia", model=model, memory=80)
    assert GpuNeed(milli=1000, models=(wanted,)).takes(gpu) is taken


def test_every_condition_counts() -> None:
    gpu = Gpu(uuid="GPU-1", vendor="nvidia", model="H100", memory=80)
    assert GpuNeed(milli=1000).takes(gpu)
    assert GpuNeed(milli=1000, vendor="nvidia", models=("A100", "H100"), memory=80, memory_max=80).takes(gpu)
    assert not GpuNeed(milli=1000, vendor="amd").takes(gpu)
    assert not GpuNeed(milli=1000, models=("A100",)).takes(gpu)
    assert not GpuNeed(milli=1000, memory=81).takes(gpu)
    assert not GpuNeed(milli=1000, memory_max=79).takes(gpu)
