"""All checks there are, in the order in which they are told."""

from collections.abc import Sequence

from paceline.cli.doctor import (
    answer,
    certificate,
    connection,
    disk,
    failures,
    fleet,
    leftovers,
    local,
    machine,
    pages,
    ports,
    waiting,
)
from paceline.cli.doctor.rounds import Check, Local, Remote

CHECKS: Sequence[Check] = (
    Local(name="known", group="server", look=connection.configured),
    Local(name="name", group="server", look=connection.resolves),
    Local(name="connection", group="server", look=connection.connects),
    Local(name="tls", group="server", look=certificate.trusted),
    Remote(name="answer", group="server", look=answer.answers),
    Remote(name="token", group="server", look=answer.token),
    Remote(name="version", group="server", look=answer.version),
    Remote(name="clock", group="server", look=answer.clock),
    Remote(name="accepts", group="server", look=answer.accepts),
    Local(name="http", group="server", look=pages.server),
    Local(name="store", group="server", look=disk.store),
    Remote(name="ready", group="workers", look=fleet.workers),
    Remote(name="here", group="workers", look=local.registered),
    Local(name="metrics", group="workers", look=pages.worker),
    Remote(name="offered-gpus", group="workers", look=machine.advertised),
    Local(name="leftovers", group="workers", look=leftovers.left_over),
    Remote(name="waiting", group="tasks", look=waiting.waiting),
    Remote(name="packages", group="tasks", look=waiting.packages),
    Remote(name="failures", group="tasks", look=failures.failures),
    Remote(name="black-holes", group="tasks", look=failures.black_holes),
    Local(name="ports", group="machine", look=ports.ports),
    Local(name="gpus", group="machine", look=machine.devices),
    Local(name="memory", group="machine", look=machine.memory),
    Local(name="cpus", group="machine", look=machine.cpu),
    Local(name="disk", group="machine", look=disk.home),
    Local(name="shared-memory", group="machine", look=disk.shared_memory),
    Local(name="limits", group="machine", look=machine.limits),
    Local(name="containers", group="machine", look=machine.engine),
    Local(name="python", group="machine", look=machine.python),
)
