"""How fast Paceline is: ``python -m bench`` for its own figures, ``python -m bench.peers`` beside other systems."""
