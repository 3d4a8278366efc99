"""The real application, called within the test's own event loop: door, routes, operations, core and store."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from paceline.clock import Clock
from paceline.server.rest.app import make_app
from tests.server.conftest import Served, serving

OURS = "http://127.0.0.1:3000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a token, in front of the server's door."""

    served: Served
    http: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> Any:
        """What a path says that must answer."""
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None, **params: Any) -> Any:
        """The same, telling it something."""
        answer = await self.http.post(path, json=body, params=params)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def refused(self, method: str, path: str, status: int, **more: Any) -> Mapping[str, Any]:
        """The problem that a call is refused with; nothing for HEAD, which has no body."""
        answer = await self.http.request(method, path, **more)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        if method == "HEAD":
            return {}
        problem: Mapping[str, Any] = answer.json()
        assert problem["status"] == status
        return problem


@asynccontextmanager
async def calling(home: Path, clock: Clock | None = None, token: str = "") -> AsyncIterator[Caller]:
    """Serve, and call with the admin's token or another."""
    async with serving(home, clock) as served:
        app: Any = make_app(served.fleet, ())
        headers = {"authorization": f"Bearer {token or served.admin}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=OURS, headers=headers) as http:
            yield Caller(served=served, http=http)


Scenario = Callable[[], Coroutine[Any, Any, None]]
