"""Readers: files of each format in, one `FaceDataset` out."""
