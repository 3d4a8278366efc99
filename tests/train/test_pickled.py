"""What is taken for a pickle, and what is not."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zipfile
import zlib

import pytest

from paceline.model.errors import UsageError
from paceline.pickled import check_content

MODEL = {"weights": [0.5] * 1000}


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, b"content")
    return made.getvalue()


def tensors(header: int) -> bytes:
    """As a safetensors file begins whose header takes so many bytes."""
    return struct.pack("<Q", header) + b'{"w":{"dtype":"F32"' + b" " * 99


@pytest.mark.parametrize(
    "content",
    [
        *(pickle.dumps(MODEL, protocol) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)),
        pickle.dumps(None, 2),
        archive("model/data.pkl", "model/byteorder", "model/data/0"),
        archive("model/version", "model/data.pkl"),
        gzip.compress(pickle.dumps(MODEL)),
        bz2.compress(pickle.dumps(MODEL)),
        lzma.compress(pickle.dumps(MODEL)),
        zlib.compress(pickle.dumps(MODEL)),
    ],
)
def test_a_pickle_is_known_by_its_content(content: bytes) -> None:
    with pytest.raises(UsageError, match="files: 'model.sav' is a pickle by its content") as caught:
        check_content("model.sav", content)
    assert "skops" in caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80",
        b"{}",
        b"\x93NUMPY\x01\x00",
        archive("schema.json", "1.npy"),
        archive("weights.npy", "bias.npy"),
        gzip.compress(b"a,b\n1,2\n"),
        *(tensors(0x80 + 0x100 * high) for high in range(2, 6)),
        b"xyz",
        b"BZh9 is how bzip2 begins",
        *(tensors(0x80 + 0x100 * high + 0x280000) for high in range(2, 6)),
    ],
)
def test_what_is_none_passes(content: bytes) -> None:
    check_content("model.bin", content)
