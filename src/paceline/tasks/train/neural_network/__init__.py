"""Neural networks, by torch: a multilayer perceptron for tables, a small convolutional network for images.

``trainer`` is the way from parameters to a trained network, and the place to begin. ``recipe`` says what is built,
``samples`` what it is shown, ``learning`` how it gets better, ``state`` how that is put down and taken up again,
``network`` what comes out.

Nothing random is left to chance, so that a training which was killed and resumed ends with the same bits as one that
was not, on CPUs, with the same number of threads:

- the weights begin from ``seed``;
- the order of the rows in epoch *e* follows from ``seed + e``, as in torch's ``DistributedSampler``;
- what dropout draws comes from torch's own generator, whose state is part of every checkpoint.
"""
