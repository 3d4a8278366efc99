"""Sweeps: many trials of one piece of work, each with other parameters, to find the best of them."""
