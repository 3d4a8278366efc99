"""The server process: one writer, one decider, and thin faces around them."""
