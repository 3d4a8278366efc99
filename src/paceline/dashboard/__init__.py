"""The page at ``/``: static files that a browser runs as they are. Nothing is built, and nothing comes from elsewhere.

``app.js`` begins; ``lib/`` speaks to the server and keeps the live picture, ``parts/`` are what views are made of,
``views/`` has one file per view, ``vendor/`` is other people's (``VERSIONS``). ``server/rest/pages.py`` serves it all.
"""
