"""Measures a model: figures, reports, external sets, plots, comparison of two models."""
