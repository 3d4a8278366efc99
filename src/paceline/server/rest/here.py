"""What handlers are handed."""

from typing import Annotated, TypeAlias

from litestar.params import Dependency

from paceline.server.fleet import Fleet

Here: TypeAlias = Annotated[Fleet, Dependency(skip_validation=True)]
"""The fleet, in a handler's argument ``fleet``."""
