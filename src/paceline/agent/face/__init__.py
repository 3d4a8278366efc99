"""What a worker shows of itself to whoever stands beside it: ``/metrics``, ``/health`` and gRPC's ``GetStatus``.

``vitals`` says how it is, ``load`` how its machine is; ``metrics``, ``pages`` and ``status`` are three ways to show it,
and ``open`` opens them once the worker has its work. Nothing here changes anything, and nothing here is secret.
"""
