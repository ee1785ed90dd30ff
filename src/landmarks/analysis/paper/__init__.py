"""The findings as figures for a paper, PNG and SVG."""
