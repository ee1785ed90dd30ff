"""Fit the head to landmarks of photos, and find the places of other landmarks on it."""
