"""The machine's own time zone, by its name."""


def local_zone() -> str | None:
    """Return the IANA name of this machine's time zone, such as ``Europe/Berlin``; None where it has none.

    A file of rules copied to /etc/localtime has no name, and a name is what another machine needs to agree.
    """
    # Not at the top: only schedules need it. It knows Windows' names for zones, too.
    import tzlocal

    try:
        return tzlocal.get_localzone_name() or None
    except (LookupError, ValueError, OSError):  # two files that disagree, or a name that nobody knows
        return None
