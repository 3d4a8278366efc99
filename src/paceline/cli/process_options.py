"""Options that ``server``, ``worker`` and ``up`` share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from paceline import config
from paceline.config import LogOptions, Tls
from paceline.grammar.level import parse_level, parse_log_format

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


def log_options(command: F) -> F:
    """What is logged, on stderr."""
    command = click.option(
        "--log-format", default="", metavar="FORMAT", help="console or json; default: console at a terminal, else json."
    )(command)
    option = click.option(
        "--log-level", default="", metavar="LEVEL", help="debug, info (the default), warning or error."
    )
    return option(command)


def log_of(level: str, form: str) -> LogOptions:
    """What was named, each in its absence by ``PACELINE_LOG_…``."""
    levels = (level, "--log-level") if level else (config.variable("LOG_LEVEL"), "PACELINE_LOG_LEVEL")
    forms = (form, "--log-format") if form else (config.variable("LOG_FORMAT"), "PACELINE_LOG_FORMAT")
    return LogOptions(
        level=parse_level(*levels) if levels[0] else "info", form=parse_log_format(*forms) if forms[0] else ""
    )


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
