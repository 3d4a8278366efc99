"""Built-in task kinds: plain functions with typed parameters. ``paceline.kinds.BUILT_IN`` lists them by name."""
