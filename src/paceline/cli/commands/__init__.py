"""One module per noun; the group in ``main`` loads it when its command runs."""
