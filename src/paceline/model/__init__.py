"""The words: frozen values that every other layer speaks in. Nothing happens here."""
