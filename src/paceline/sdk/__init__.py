"""Clients: async ``Client`` and blocking ``Executor``.

One call, from top to bottom: ``executor`` → ``calls`` → ``openjob`` → ``session`` → the server, and home again →
``session`` → ``outcomes`` → ``handles``. This module stays empty so that a process which only unpickles a function does
not load gRPC.
"""
