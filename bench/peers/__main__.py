"""Paceline beside other systems: one round of each in turn, on the same machine, with the same task.

    python -m bench.peers                          everything, about twenty minutes
    python -m bench.peers --only ray,celery        these, and Paceline
    python -m bench.peers --rounds 1               a first look

Each system runs in an environment of its own under .bench, made on first use with pinned versions; its servers are
started for each round and stopped after it. What cannot be installed or started here is listed as missing, with the
reason. A run of all of them is kept in bench/results/peers.json.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import quiet
from bench.peers.catalog import PEERS, Peer
from bench.peers.environment import PLACE, ROOT, Missing, python
from bench.peers.outcome import Outcome, save
from bench.peers.services import started
from bench.peers.table import lines
from bench.result import machine

PATIENCE = 180.0
"""Seconds that a round of one system may take."""


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs is stopped
    outcomes = {peer.name: Outcome(peer=peer) for peer in PEERS if _wanted(peer, options.only)}
    for number in range(options.rounds):
        for outcome in outcomes.values():
            if not outcome.missing:
                _add_round(outcome, number)
    here = machine()
    print(f"{here['processors']}, {here['system']}, Python {here['python']}; medians of {options.rounds} rounds")
    print(*lines(list(outcomes.values())), sep="\n")
    if len(outcomes) == len(PEERS):
        save(here, list(outcomes.values()))


def _add_round(outcome: Outcome, number: int) -> None:
    peer = outcome.peer
    quiet.wait()
    try:
        measured = play(peer)
    except Missing as missing:
        outcome.missing = str(missing)
        print(f"{peer.name}: missing, because {missing}", file=sys.stderr, flush=True)
        return
    outcome.add(measured)
    told = ", ".join(f"{key} {value:,.4g}" for key, value in measured.items())
    print(f"{peer.name}, round {number + 1}: {told}", file=sys.stderr, flush=True)


def play(peer: Peer) -> Mapping[str, float]:
    """One round in a process of its own. Raises Missing, also for a system that fails."""
    interpreter = python(peer.environment)
    module, *arguments = peer.program
    command = [interpreter, "-m", f"bench.peers.programs.{module}", *arguments]
    place = PLACE / "work"
    place.mkdir(parents=True, exist_ok=True)
    with started(peer.service) as reached:
        env = {**os.environ, **reached, "PYTHONPATH": str(ROOT), "PATH": _path(interpreter)}
        return json.loads(_output(command, place, env).strip().splitlines()[-1])  # type: ignore[no-any-return]


def _output(command: Sequence[str], place: Path, env: Mapping[str, str]) -> str:
    """What it printed. All it started is gone afterwards, as far as it is of its session."""
    with (
        (place / "log").open("ab") as log,
        subprocess.Popen(
            command, cwd=place, env=env, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        ) as process,
    ):
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Missing(f"a round took longer than {PATIENCE:.0f} s") from None
        finally:
            _end(process.pid)
        if process.returncode:
            raise Missing(f"its round ended with exit code {process.returncode} (see .bench/peers/work/log)")
        return said


def _end(session: int) -> None:
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        return


def _path(interpreter: str) -> str:
    """Systems that start their own programs look for them here."""
    return os.pathsep.join([str(Path(interpreter).parent), os.environ["PATH"]])


def _wanted(peer: Peer, only: Sequence[str]) -> bool:
    return not only or not peer.environment or peer.name in only


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [peer.name for peer in PEERS if peer.environment]
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help=f"of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, default=5, help="of each (default 5)")
    options = parser.parse_args()
    if unknown := set(options.only) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return options


if __name__ == "__main__":
    main()
