"""The ports: what stages and services ask of adapters. Each has a real adapter and passes one contract suite."""
