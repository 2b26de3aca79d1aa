"""The folder into which people drop .job files."""
