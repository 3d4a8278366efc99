"""Each public operation once, in model words. gRPC now, and REST later, only decode, call and encode."""
