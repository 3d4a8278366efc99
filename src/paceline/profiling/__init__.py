"""Where a process spends its time: ``sample`` looks at all its threads a hundred times a second, ``flame`` draws it.

Off unless a process was started with ``--profile``. Looking costs the process one to two hundredths of a processor,
for as long as somebody looks.
"""
