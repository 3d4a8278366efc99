"""``paceline doctor``: everything that is usually wrong, looked at, with what to do about it.

A *check* is a function over the ``Surroundings`` that yields findings; ``table.py`` lists them all. Some look at this
machine only, the others talk to the server too (``visit.py``) and are skipped when it does not answer. They run side by
side, each with a few seconds of its own (``rounds.py``), so that none waits for another or hides it. None of them
changes anything: no lock is taken, no file written, no process signalled.
"""
