"""Going through what there is, a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from paceline.model.views import JobView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

PAGE = 1000
"""As many as the server gives at once."""


async def every_job(client: Client) -> AsyncIterator[JobView]:
    """All jobs, newest first."""
    page = await client.jobs(limit=PAGE)
    while page:
        for job in page:
            yield job
        page = await client.jobs(before=page[-1].job, limit=PAGE) if len(page) == PAGE else ()
