"""HTTP: the same operations as over gRPC, for browsers, curl and whatever speaks JSON.

``door`` lets in, ``app`` lists the routes, one module per noun answers, ``problems`` says what went
wrong, ``serve`` listens.
"""
