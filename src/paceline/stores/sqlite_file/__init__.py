"""The part of the SQLite store that touches the file. None of it runs in the server's event loop.

Two processes, started by exec: one *keeps* (the only writer; a commit is one transaction, flushed to disk), one
*reads*. A thread in the server's process would do for neither: every row that SQLite steps over gives the interpreter
lock away, and gets it back from a busy event loop only 5 ms later.
"""
