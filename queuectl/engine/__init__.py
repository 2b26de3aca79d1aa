"""What runs jobs: coordinator, workers, runner, reaper and doorbell."""
