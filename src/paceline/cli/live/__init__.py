"""What tasks report, where people look: a table and curves at a terminal, lines of text or JSON elsewhere.

``board`` knows how far each task is, ``columns`` and ``plot`` say it as text, and ``screen`` and ``lines`` are the
``Display``s of ``cli/progress.py`` that show it.
"""
