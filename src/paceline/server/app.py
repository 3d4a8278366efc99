"""Composition root of the server: the one place where its parts meet."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from paceline import __version__
from paceline.blobstores.local import LocalBlobs
from paceline.catalog import Catalog
from paceline.catalogs.sqlite import MEMORY, SqliteShelf
from paceline.catalogs.threaded import ThreadedCatalog
from paceline.clock import Clock, SystemClock
from paceline.config import MESSAGE_LIMIT, ServerOptions, Tls, trace_share, traces_wanted
from paceline.core.restore import restore
from paceline.core.scheduler import Scheduler
from paceline.core.step import Terms
from paceline.model.errors import PacelineError, TryAgain, UsageError
from paceline.model.records import Snapshot
from paceline.recording.tape import RecordedScheduler, Tape
from paceline.server.auth import REFLECTION, Auth, admin_token
from paceline.server.fleet import Fleet
from paceline.server.fleet_service import FleetService
from paceline.server.gate import Gate
from paceline.server.grpc_fleet import fleet_handler
from paceline.server.grpc_worker import WorkerService
from paceline.server.links import Links
from paceline.server.logbook import Logbook
from paceline.server.loop import Loop
from paceline.server.near import NearDoor, rooms
from paceline.server.open_jobs import OpenJobs
from paceline.server.space import Space
from paceline.server.tracing import Tracing
from paceline.server.trimming import trim_after_bursts
from paceline.server.watch import Watch
from paceline.store import Store
from paceline.stores.memory import MemoryStore
from paceline.stores.sqlite import SqliteStore
from paceline.telemetry import configure, log
from paceline.telemetry.exporting import open_exporter
from paceline.telemetry.traceparent import Traceparent, begin
from paceline.wire.address import is_local
from paceline.wire.calls import SERVICE
from paceline.wire.far import lasting
from paceline.wire.gen import worker_pb2_grpc
from paceline.wire.listening import Listener
from paceline.wire.standard import WORKERS, add_health, add_reflection
from paceline.wire.whereabouts import write_whereabouts

if TYPE_CHECKING:
    from paceline.server.rest.app import Site
    from paceline.telemetry.otlp import Exporter

FAREWELL = 2.0
"""Seconds that the end waits for spans to leave."""
_LOG = log("server")
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "[::]": "[::1]"}  # where clients on this machine find it


def run(options: ServerOptions, said: Callable[[str, str], None] = lambda address, http: None) -> int:
    """Serve until told to stop; ``said`` is called with address and URL once it answers. Returns the exit code."""
    configure("server", level=options.log.level, form=options.log.form, to=sys.stderr)
    _refuse_open_doors(options)
    options.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return asyncio.run(_serve(options, said))


def _refuse_open_doors(options: ServerOptions) -> None:
    tls = options.tls
    if bool(tls.cert) != bool(tls.key):
        raise UsageError("--tls-cert and --tls-key go together")
    if not is_local(options.host) and not tls.cert:
        raise UsageError(
            f"--host {options.host}: beyond this machine Paceline speaks TLS only",
            hint="give --tls-cert and --tls-key (with --tls-ca clients need certificates too), or use --host 127.0.0.1",
        )


async def _serve(options: ServerOptions, said: Callable[[str, str], None]) -> int:
    store = make_store(options)
    catalog = make_catalog(options)
    making = asyncio.create_task(asyncio.to_thread(_site))
    await _open(catalog)
    snapshot = await store.load()
    clock = SystemClock(not_before=snapshot.now)
    links, watch, auth = Links(), Watch(), Auth(snapshot.tokens)
    terms = Terms(beat=options.beat, lease=options.lease)
    loop = Loop(make_scheduler(options, snapshot, terms, clock.now()), store, clock, links, watch)
    for record in auth.adopt_admin(admin_token(options.admin_token), clock.now()):
        await loop.keep_now(record)
    epoch, restored = snapshot.epoch, len(snapshot.jobs)
    exporter = hearers(watch, snapshot, clock)
    del snapshot  # what waits is in the picture now
    fleet = Fleet(
        loop=loop,
        store=store,
        blobs=LocalBlobs(options.directory / "blobs"),
        catalog=catalog,
        watch=watch,
        open_jobs=OpenJobs(loop),
        auth=auth,
        clock=clock,
        epoch=epoch,
        store_name=options.store or "sqlite",
        started_at=clock.now(),
        space=space(options),
        links=links,
        new_trace=_new_trace if exporter else lambda: None,
        profile=options.profile,
    )
    try:
        async with _doors(fleet, links, options, await making) as (address, http):
            said(address, http)
            _LOG.info("server ready", address=address, http=http, store=fleet.store_name, jobs=restored)
            return await _until_stopped(loop)
    finally:
        await asyncio.gather(store.close(), catalog.close())
        if exporter is not None:
            await asyncio.to_thread(exporter.close, FAREWELL)


@asynccontextmanager
async def _doors(fleet: Fleet, links: Links, options: ServerOptions, site: "Site") -> AsyncIterator[tuple[str, str]]:
    """Every way in, for as long as the context lasts. Yields address and URL."""
    server, address = await listen(fleet, links, options)
    listener = pages(site, fleet, options)
    door = NearDoor(options.home, Gate(fleet.auth, fleet.clock), rooms(fleet, links))
    await door.open()
    _settle_memory()
    fleet.open_jobs.expect_back()
    fleet.loop.start()
    listener.open()
    http = f"{'https' if options.tls.cert else 'http'}://{_seen(options.host)}:{listener.port}"
    write_whereabouts(options.home, address, http)
    besides = [asyncio.create_task(each) for each in (trim_after_bursts(), fleet.storeroom.run(fleet.watch))]
    try:
        yield address, http
    finally:
        _LOG.info("server stopping")
        for each in besides:
            each.cancel()
        links.end_all()
        await asyncio.gather(server.stop(grace=1.0), door.close(grace=1.0), listener.close())


def hearers(watch: Watch, snapshot: Snapshot, clock: Clock) -> "Exporter | None":
    """Whoever is told of all that is kept: the log, and if traces are wanted, what makes them."""
    watch.hear_all(Logbook(_LOG, snapshot.workers).kept)
    exporter = open_exporter("paceline-server", __version__) if traces_wanted() else None
    if exporter is not None:
        watch.hear_all(Tracing(exporter, clock, snapshot).kept)
    return exporter


def _new_trace() -> Traceparent:
    return begin(os.urandom(16), trace_share())


def make_scheduler(options: ServerOptions, snapshot: Snapshot, terms: Terms, now: float) -> Scheduler:
    """One that goes on from the snapshot; if the options ask for it, on tape."""
    picture = restore(snapshot, terms, now)
    if not options.record:
        return Scheduler(picture, terms)
    tape = Tape(Path(options.record), contents=options.record_contents, stopped=_LOG.warning)
    tape.start(snapshot, terms, now)
    return RecordedScheduler(picture, terms, tape)


def make_store(options: ServerOptions) -> Store:
    """The store that the options name."""
    if options.store == "memory":
        return MemoryStore()
    return SqliteStore(store_path(options))


def make_catalog(options: ServerOptions) -> Catalog:
    """The catalogue that the options name. Nothing is opened yet."""
    if not options.catalog:
        in_memory = options.store == "memory"
        return ThreadedCatalog(SqliteShelf(MEMORY if in_memory else options.directory / "catalog.db"))
    if not options.catalog.startswith(("mongodb://", "mongodb+srv://")):
        raise UsageError(
            "catalog: only a MongoDB can be named", hint="mongodb://HOST/DATABASE; without, it is a file of the server"
        )
    try:
        from paceline.catalogs.mongo import connect  # noqa: PLC0415 - pymongo, an extra
    except ModuleNotFoundError:
        raise UsageError("catalog: a MongoDB needs pymongo", hint="pip install 'paceline[mongo]'") from None
    return ThreadedCatalog(connect(options.catalog))


async def _open(catalog: Catalog) -> None:
    """One that does not answer now may do so when it is needed: the fleet's work does not wait for it."""
    try:
        await catalog.open()
    except TryAgain as trouble:
        _LOG.warning("no catalogue", why=trouble.message, hint=trouble.hint)


def space(options: ServerOptions) -> Space:
    """What is looked at before anything new is accepted."""
    if options.store == "memory":
        return Space()
    path = store_path(options)
    return Space(place=str(path.parent), name=path.name, reserve=options.reserve)


def store_path(options: ServerOptions) -> Path:
    """The file that a store on disk is in."""
    return Path(options.store).absolute() if options.store else options.directory / "paceline.db"


async def listen(fleet: Fleet, links: Links, options: ServerOptions) -> tuple[grpc.aio.Server, str]:
    """A server that answers at the options' host and port, and its address."""
    gate = Gate(fleet.auth, fleet.clock, free=REFLECTION if is_local(options.host) else ())
    limits = [
        ("grpc.max_receive_message_length", MESSAGE_LIMIT + (1 << 16)),
        ("grpc.max_send_message_length", MESSAGE_LIMIT + (1 << 16)),
        *lasting(options.keepalive),
        ("grpc.http2.max_ping_strikes", 0),  # how often a worker asks whether we are there is its own affair
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(interceptors=[gate], options=limits)
    server.add_generic_rpc_handlers((fleet_handler(FleetService(fleet)),))
    worker_pb2_grpc.add_WorkerServiceServicer_to_server(WorkerService(fleet, links, gate), server)  # type: ignore[no-untyped-call]
    services = (WORKERS, SERVICE)
    await add_health(server, services)
    add_reflection(server, services)
    wanted = f"{options.host}:{options.port}"
    try:
        port = _bind(server, wanted, options.tls)
    except RuntimeError:
        raise UsageError(
            f"--port {options.port}: {wanted} is taken by another program",
            hint="stop it, or choose another port (0 takes any free one)",
        ) from None
    await server.start()
    return server, f"{_seen(options.host)}:{port}"


def _site() -> "Site":
    """All that is answered over HTTP. It takes as long to load as the rest of the server, so it does while the store
    opens: a server that was killed is back the sooner."""
    from paceline.server.rest.app import make_site  # noqa: PLC0415 - in a thread, not before all else

    return make_site()


def pages(site: "Site", fleet: Fleet, options: ServerOptions) -> Listener:
    """REST and the dashboard, at a port of their own."""
    from paceline.server.rest.app import opened  # noqa: PLC0415 - loaded by now
    from paceline.server.rest.serve import listener  # noqa: PLC0415 - the same

    return listener(opened(site, fleet, (options.host, *options.http_hosts)), options)


def _seen(host: str) -> str:
    """By which name clients on this machine call this address."""
    return WILDCARDS.get(host, host)


def _bind(server: grpc.aio.Server, address: str, tls: Tls) -> int:
    if not tls.cert:
        return server.add_insecure_port(address)
    authority = Path(tls.ca).read_bytes() if tls.ca else None
    pair = (Path(tls.key).read_bytes(), Path(tls.cert).read_bytes())
    credentials = grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)
    return server.add_secure_port(address, credentials)


def _settle_memory() -> None:
    """What was loaded stays: the collector need not look at it again, and may take its time with the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    sys.setswitchinterval(0.0005)


async def _until_stopped(loop: Loop) -> int:
    """0 after SIGTERM or SIGINT; an error if the loop can no longer keep what it decides."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    stop = asyncio.create_task(told.wait())
    waiting: set[asyncio.Future[Any]] = {stop, loop.failed}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if loop.failed.done():
        error = loop.failed.exception()
        raise error if isinstance(error, PacelineError) else PacelineError(f"the server stops: {error!r}") from error
    return 0
