"""Inference: detectors, and what they find."""
