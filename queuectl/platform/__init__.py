"""Everything that depends on which operating system this is."""
