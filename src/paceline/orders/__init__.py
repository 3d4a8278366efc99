"""From people's words to what can be submitted: job files, kinds with their parameters, arrays and their rows.

The same checks for the CLI, the SDK and REST: whoever asks gets the same answer to the same mistake.
"""
