"""HTTP while the fleet is at work: reads, followers, submits. ``python -m bench.rest``."""
