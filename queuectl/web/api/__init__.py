"""The HTTP API: one module a noun, each with its endpoints."""
