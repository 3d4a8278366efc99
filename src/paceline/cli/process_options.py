"""Options that ``server``, ``worker`` and ``up`` share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from paceline import config
from paceline.config import Tls

F = TypeVar("F", bound=Callable[..., object])


def home_option(command: F) -> F:
    """Where a process keeps its files."""
    option = click.option("--home", default="", metavar="DIR", help="Where to keep files; default: PACELINE_HOME.")
    return option(command)


def tls_options(command: F) -> F:
    """Files in PEM form."""
    for name, text in (
        ("ca", "Authority to trust (PEM file)."),
        ("key", "Key of the certificate (PEM file)."),
        ("cert", "Certificate (PEM file)."),
    ):
        command = click.option(f"--tls-{name}", default="", metavar="FILE", help=text)(command)
    return command


def record_options(command: F) -> F:
    """What is written down of every decision."""
    command = click.option(
        "--record-payloads", is_flag=True, help="Record payloads, results, parameters and environments in full."
    )(command)
    option = click.option(
        "--record", default="", metavar="FILE", help="Append every event and decision, for `paceline replay`."
    )
    return option(command)


def home_of(text: str) -> Path:
    """The directory that was named, or the usual one."""
    return Path(text).absolute() if text else config.home()


def tls_of(cert: str, key: str, ca: str) -> Tls:
    """The files that were named, each in its absence by ``PACELINE_TLS_…``."""
    return Tls(
        cert=cert or config.variable("TLS_CERT"),
        key=key or config.variable("TLS_KEY"),
        ca=ca or config.variable("TLS_CA"),
    )
