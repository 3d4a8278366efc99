"""Capacity planning: the real decisions on a fleet that only exists here, at a speed that only the decisions limit.

::

    fleet, work ──▶ engine ──▶ core/scheduler.py
                      │ ▲            │
                      ▼ └── ends ──  hosts (a heap of what finishes when)
                    tally ──▶ report ──▶ table, plot

Time is virtual and stands still while the core decides; the *server's* time does not: a step takes it as long as a
commit and so many tasks usually do, and what happens meanwhile gathers for the next one, as it does in
``server/loop.py``. Nothing fails here and no message is lost: what is asked is how long the work takes, not whether it
survives. The same seed gives the same decisions, to the bit.
"""
