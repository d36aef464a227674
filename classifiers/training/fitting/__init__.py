"""Fits the linear model, the head and the stackings, and chooses thresholds. Needs scikit-learn."""
