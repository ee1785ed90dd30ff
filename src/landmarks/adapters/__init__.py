"""Adapters: landmarks of one labelling convention moved to another."""
