"""The command line. ``main`` is the entry; ``commands/`` has one module per noun, loaded when its command runs.

A command asks through ``session``, names things through ``selection``, and speaks through its ``Face``. Nothing here
decides; starting Paceline's processes goes through their ``app.py``.
"""
