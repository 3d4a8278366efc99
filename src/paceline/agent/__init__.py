"""The worker's agent: the server on one side, the supervisor on the other. It never runs user code.

Decisions are pure (``state`` and what it is made of: ``lease hand running ends devices frames``), everything else
carries them out: ``loop`` performs, ``link`` speaks to the server, ``supervision`` to the supervisor, ``spool`` and
``memory`` keep what must survive a restart, ``shipping`` sends output, ``app`` puts it together.
"""
