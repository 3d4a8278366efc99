"""Opens a worker's pages, and says where: others may have taken the usual ports, another worker first of all."""

import asyncio
import os

from paceline.agent.face.pages import Pages
from paceline.agent.face.status import serve
from paceline.agent.face.vitals import Vitals
from paceline.model.errors import UsageError
from paceline.telemetry import log
from paceline.wire.listening import Listener, bound
from paceline.wire.whereabouts import WorkerWhereabouts, remove_worker, write_worker

LOG = log("worker")


async def show(vitals: Vitals, key: str) -> None:
    """Until cancelled. Where nothing can be shown, that is said, and the work goes on."""
    options = vitals.options
    try:
        listener = Listener(Pages(vitals, key), bound(options.metrics_host, options.metrics_port, elsewhere=0))
        server, port = await serve(vitals)
    except (OSError, RuntimeError, UsageError) as error:
        LOG.warning("no metrics are shown", host=options.metrics_host, why=str(error))
        return
    listener.open()
    host = _seen(options.metrics_host)
    here = WorkerWhereabouts(
        name=options.name,
        http=f"http://{host}:{listener.port}",
        grpc=f"{host}:{port}",
        server=options.server,
        started_at=vitals.started_at,
        pid=os.getpid(),
    )
    try:
        write_worker(options, here)
    except OSError as error:  # a full disk ends no work
        LOG.warning("where metrics are shown cannot be written down", http=here.http, grpc=here.grpc, why=str(error))
    else:
        LOG.info("metrics are shown", http=here.http, grpc=here.grpc)
    try:
        await asyncio.Event().wait()
    finally:
        remove_worker(options)
        await asyncio.gather(listener.close(), server.stop(None))


def _seen(host: str) -> str:
    """How it is called from here."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host
