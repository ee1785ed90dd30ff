"""Synthetic faces, rendered from CC0 assets by code that anyone can run.

Recipe -> Scene -> Studio -> Picture -> folder -> FaceDataset

A `Recipe` says how scenes are drawn; a `Scene` is everything that decides one picture, as plain
numbers; the `Studio` poses the head, builds hair and things around it, traces rays and develops
the light into a `Picture`, with its labels.

Frame of the world: metres, x to the person's left, y to the back, z up.
"""
