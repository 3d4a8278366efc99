"""Parts of a fleet measured alone: ``python -m bench.parts.pool``, ``python -m bench.parts.store``."""
