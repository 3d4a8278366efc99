"""Implementations of ``paceline.catalog.Catalog``: ``sqlite`` in a file beside the server, ``mongo`` in a MongoDB."""
