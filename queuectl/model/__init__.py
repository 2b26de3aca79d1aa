"""Pure domain: what a job is and what may happen to it. No I/O, no threads, no SQL."""
