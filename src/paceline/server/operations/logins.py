"""Logging in: a code that is good once, for a token that lasts a working day."""

from paceline.server.fleet import Fleet


async def log_in(fleet: Fleet, code: str) -> tuple[str, float]:
    """A new admin credential's text, and when it expires. Raises NotAllowed for a code that is spent, old or wrong."""
    now = fleet.clock.now()
    fleet.auth.holder(("login",), code, now)
    fleet.loop.hold.demand()  # before the code is spent
    text, expires_at, records = fleet.auth.exchange(code, now)
    await fleet.loop.keep_now(*records)
    return text, expires_at
