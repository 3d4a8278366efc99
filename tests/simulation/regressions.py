"""Seeds that once failed, and why. They are run for ever.

A seed means what the simulation makes of it, so a change of the simulation changes its story. What a seed once found is
therefore also told in words, and has a test of its own where the bug was.
"""

from collections.abc import Mapping

REGRESSIONS: Mapping[int, str] = {
    44: "a server that was replaced still refused, and took note of, what it had no rows to keep for",
}
