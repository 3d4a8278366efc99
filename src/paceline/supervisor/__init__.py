"""The small process that is the parent of all user processes and outlives its agent.

``python -m paceline.supervisor DIRECTORY`` listens in that directory and speaks the words of ``paceline.executor``.
Standard library only, one thread, no network: there is little here that can fail.
"""
