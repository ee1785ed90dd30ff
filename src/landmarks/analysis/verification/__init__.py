"""Checks that the stored files of a study agree with its predictions (`landmarks verify`)."""
