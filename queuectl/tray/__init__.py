"""The system tray."""
