"""Export a detector to files that run without landmarks: ONNX, and torch.export."""
