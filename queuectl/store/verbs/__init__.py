"""The verbs of the Store protocol, on any database that speaks SQL."""
