"""What the core was told and what it decided, in a file: a bug report that can be played again.

::

    "paceline recording 1\\n"
    section*  =  Start · (Step · Outcome)*        one section for each start of the server

A ``Start`` holds the picture that the server began with, a ``Step`` the events and the time exactly as the core was
given them, an ``Outcome`` what it decided. Every outcome carries the running hash of all that its section decided so
far, so nothing can be left out unnoticed. Whoever plays the events again must get the same outcomes, to the byte
(``replay.py``).

What users' work is *about* (payloads, results, parameters, environment, texts of errors, reported values) decides
nothing and is left out unless asked for (``content.py``). Credentials are in neither form: no event holds one.
"""
