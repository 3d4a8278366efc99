"""What handlers are handed."""

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from paceline.server.fleet import Fleet

Here: TypeAlias = NamedDependency[SkipValidation[Fleet]]
"""The fleet, in a handler's argument ``fleet``."""
