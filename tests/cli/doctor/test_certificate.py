"""Certificates of a server that is not on this machine, as it were."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from paceline.cli.doctor import certificate
from paceline.cli.doctor.finding import State
from paceline.config import Tls
from paceline.model.errors import UsageError
from tests.cli.doctor.around import LOCAL, free_port, near

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")


@contextmanager
def secure(directory: Path, days: int) -> Iterator[int]:
    """A port at which TLS is spoken, with a certificate of its own for 127.0.0.1 in ``directory``."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        + ["-days", str(days), "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server((LOCAL, 0)) as server:
        thread = threading.Thread(target=_shake_hands, args=(server, context))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    """Once."""
    with server.accept()[0] as plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as there:
        there.recv(1)


def test_one_that_is_trusted(tmp_path: Path) -> None:
    with secure(tmp_path, 300) as port:
        [found] = certificate.trusted(near(tmp_path, port, tls=Tls(ca=str(tmp_path / "cert.pem"))))
    assert found.state is State.OK
    assert "good for another 299d" in found.finding


def test_one_that_ends_soon(tmp_path: Path) -> None:
    with secure(tmp_path, 3) as port:
        [found] = certificate.trusted(near(tmp_path, port, tls=Tls(ca=str(tmp_path / "cert.pem"))))
    assert found.state is State.WARNING
    assert "renewed" in found.todo


def test_one_that_nobody_vouches_for(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with secure(other, 3) as elsewhere, socket.create_connection((LOCAL, elsewhere)):
        pass  # its certificate is all that is wanted of it
    with secure(tmp_path, 300) as port:
        [found] = certificate.trusted(near(tmp_path, port, tls=Tls(ca=str(other / "cert.pem"))))
    assert found.state is State.PROBLEM
    assert "self-signed certificate" in found.finding
    assert "PACELINE_TLS_CA=ca.pem, not this one" in found.todo


def test_one_for_another_name(tmp_path: Path) -> None:
    with secure(tmp_path, 300) as port:
        [found] = certificate.trusted(near(tmp_path, port, host="localhost", tls=Tls(ca=str(tmp_path / "cert.pem"))))
    assert found.state is State.PROBLEM
    assert "localhost" in found.todo


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server((LOCAL, 0)) as server:
        around = near(tmp_path, server.getsockname()[1], tls=Tls(ca=str(tmp_path / "none.pem")))
        with pytest.raises(UsageError, match=r"none\.pem cannot be read: No such file"):
            list(certificate.trusted(around))


def test_none_is_needed_on_this_machine(tmp_path: Path) -> None:
    assert [each.state for each in certificate.trusted(near(tmp_path))] == [State.OK]


def test_nobody_is_there(tmp_path: Path) -> None:
    around = near(tmp_path, free_port(), host="localhost", tls=Tls(cert="x", key="x"))
    assert [each.state for each in certificate.trusted(around)] == [State.SKIPPED]
