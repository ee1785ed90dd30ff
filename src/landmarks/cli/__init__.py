"""Commands: what the command lines that know Hydra share, and how a sweep goes."""
