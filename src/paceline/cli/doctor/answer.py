"""What the server says when it is asked who it is: whether our token is good, the clocks agree, versions fit."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from paceline import __version__
from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.surroundings import NAMELESS, Surroundings, Token
from paceline.cli.doctor.visit import Answer, Visit, of_visit
from paceline.cli.words import age
from paceline.model.errors import NotAllowed, PacelineError, VersionMismatch

SKEW, WILD_SKEW = 2.0, 60.0
"""Seconds by which clocks may differ: before anybody wonders, and before times mean something else than was meant."""


async def answers(around: Surroundings, answer: Answer) -> Iterable[Finding]:
    """Whether it is one of ours: one that says no has answered too."""
    if isinstance(around.server, PacelineError):
        return [skipped(NAMELESS)]
    match answer:
        case Visit():
            return [ok(f"the server answers within {answer.took * 1000:.0f} ms", seconds=answer.took)]
        case NotAllowed() | VersionMismatch():
            return [ok("a Paceline server answers")]
    todo = answer.hint
    if around.in_clear:
        todo = "see what listens there; if it is Paceline with TLS, name its authority: PACELINE_TLS_CA=ca.pem"
    return [problem(answer.message, todo)]


async def token(around: Surroundings, answer: Answer) -> Iterable[Finding]:
    """Whether it is there, ours alone, and good."""
    if isinstance(around.token, PacelineError):
        if isinstance(around.server, PacelineError):
            return [skipped(NAMELESS)]
        return [problem(around.token.message, around.token.hint)]
    return [*_exposed(around.here.admin_token, around.token), _judged(around.token, answer)]


def _exposed(file: Path, token: Token) -> Iterator[Finding]:
    if token.source != str(file):
        return
    about = file.stat()
    if about.st_mode & 0o077:
        mode = f"{about.st_mode & 0o777:o}"
        found = f"others can read {file} (mode {mode}); a server refuses to start with it"
        yield problem(found, f"chmod 600 {file}, or delete it and start the server again for a new one", mode=mode)
    if about.st_uid != os.getuid():
        yield warning(f"{file} belongs to another user ({about.st_uid})", "use the account that started the server")


def _judged(token: Token, answer: Answer) -> Finding:
    role = _role(token.text)
    match answer:
        case Visit():
            return ok(f"good, for {role}, from {token.source}", role=role, source=token.source)
        case NotAllowed():
            return problem(f"{answer.message} (from {token.source})", answer.hint, source=token.source)
    return skipped(f"there is one from {token.source}; without an answer nobody knows whether it is good")


def _role(text: str) -> str:
    """As its prefix says: ``pl_admin_…``."""
    words = text.split("_", 2)
    return words[1] if len(words) == 3 and words[0] == "pl" else "an unknown role"


@of_visit
async def clock(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Whether the server's and ours agree: start times and the ends of tokens and machines are told as times of day."""
    apart, side = abs(visit.ahead), "ahead" if visit.ahead > 0 else "behind"
    if apart <= SKEW + visit.took / 2:
        return [ok(f"the server's and ours agree within {max(apart, visit.took / 2):.1g} s", ahead=visit.ahead)]
    found = f"the server's is {age(apart)} {side} of ours"
    verdict = problem if apart > WILD_SKEW else warning
    return [verdict(found, "let both keep time by NTP: timedatectl set-ntp true", ahead=visit.ahead)]


async def version(around: Surroundings, answer: Answer) -> Iterable[Finding]:
    """Whether both sides understand each other, and who is behind."""
    match answer:
        case VersionMismatch():
            return [problem(answer.message, answer.hint)]
        case PacelineError():
            return [skipped("the server does not answer us")]
    theirs = answer.info.version
    fields = {"here": __version__, "server": theirs, "protocol": answer.info.protocol}
    if theirs == __version__:
        return [ok(f"{theirs} on both sides, protocol {answer.info.protocol}", **fields)]
    found = f"the server is {theirs}, this is {__version__}; they understand each other"
    return [warning(found, "upgrade the older one when it suits: pip install --upgrade paceline", **fields)]


@of_visit
async def accepts(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Whether it accepts work."""
    if visit.info.trouble:
        return [problem(visit.info.trouble, "do what it says; it goes on by itself", trouble=visit.info.trouble)]
    up = age(around.clock.now() + visit.ahead - visit.info.started_at)
    return [ok(f"it accepts work; up for {up}, process {visit.info.pid}", pid=visit.info.pid)]
