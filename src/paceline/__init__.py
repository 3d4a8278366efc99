"""One queue over every machine you have."""

__version__ = "0.1.0"
