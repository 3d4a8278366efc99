"""Workers that call: the plain calls of ``worker.WorkerService``, for any language (docs/worker-protocol.md).

To the core such a worker is one like any other: it joins, beats, is granted attempts and reports their ends, by the
same events. What differs is only how it is spoken to. It has no link on which something could be sent, so what is said
to it waits in a *mailbox* until it asks: for tasks (``PollForTask``), or by its heartbeat (``SendHeartbeat``).

Its reports need no mailbox: which attempt is current, and whose, the core's picture says. So one may be told to a
server that has just started and does not know the worker's mailbox yet; and one that comes too late is stale, never an
error.
"""
