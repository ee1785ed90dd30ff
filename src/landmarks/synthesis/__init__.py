"""Synthetic faces, rendered from CC0 assets by code that anyone can run.

Recipe -> Scene -> Studio -> Picture -> folder -> FaceDataset

A `Recipe` is a distribution of scenes. A `Scene` is one sample: all parameters of one picture, as
plain numbers. The `Studio` poses the head, adds hair and accessories, traces rays and turns the
light into a `Picture` with its labels.

World frame: metres, x to the person's left, y to the back, z up.
"""
