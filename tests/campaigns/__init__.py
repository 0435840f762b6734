"""Long runs by hand, resumable: kills, schedules, mutations, daily loads."""
