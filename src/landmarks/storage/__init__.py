"""Persistence: what is written is whole, made once, and found again by what it is made of."""
