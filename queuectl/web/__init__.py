"""The local dashboard and the HTTP API."""
