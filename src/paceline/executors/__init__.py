"""How attempts are run: programs, and kinds' functions in warm processes. Loaded by the supervisor alone.

Standard library only, but for ``pool_child`` and ``user_code``, which run in user processes.
"""
