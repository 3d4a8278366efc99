"""Trainings through Paceline beside the scripts that people would write with the same libraries."""
