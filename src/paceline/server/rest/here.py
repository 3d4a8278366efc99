"""What handlers are handed."""

from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from paceline.server.feed import Feed
from paceline.server.fleet import Fleet

Here: TypeAlias = NamedDependency[SkipValidation[Fleet]]
"""The fleet, in a handler's argument ``fleet``."""
Changing: TypeAlias = NamedDependency[SkipValidation[Feed]]
"""What changes of it, in a handler's argument ``feed``."""
