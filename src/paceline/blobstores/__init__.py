"""Places for blobs: implementations of ``paceline.blobs``."""
