"""Implementations of ``paceline.store.Store``.

``memory`` keeps for as long as its process lives. ``sqlite`` keeps in one file beside the server; ``sqlite_file`` is
the part of it that touches the file, in processes of its own. What holds for every store stands beside them: ``audit``
(what becomes a line of the event log), ``standing`` (what rows mean for a task), ``output`` (which part of an attempt's
output is kept).
"""
