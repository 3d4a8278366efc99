"""The decisions: pure, deterministic, events in, decision out. No I/O, no clock, no randomness, nothing third-party."""
