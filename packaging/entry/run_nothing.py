"""Do nothing: what the start of ``queuectl`` is measured against."""
