"""Paceline beside other systems, on the same machine in the same run: ``python -m bench.peers``."""
