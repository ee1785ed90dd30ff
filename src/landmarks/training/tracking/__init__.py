"""Trackers of experiments: TensorBoard, MLflow, Weights & Biases, behind one interface."""
