"""Use trained detectors: on crops, on photos, and from files."""
