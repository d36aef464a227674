"""Classroom tools: the register, requests and use."""
