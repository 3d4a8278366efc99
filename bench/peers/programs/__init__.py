"""One round of one system each, run in that system's own environment: nothing here imports Paceline but its own."""
