"""All the bugs."""

from tests.simulation.mutants import agent, core, server

MUTANTS = (*core.MUTANTS, *agent.MUTANTS, *server.MUTANTS)

LIMIT = 1500
"""Seeds that a bug may hide from."""
