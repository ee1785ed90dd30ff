"""Experiment: what one run is made of, and the run itself."""
