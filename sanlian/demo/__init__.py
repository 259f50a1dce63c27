"""The community of the demo: its data, its people, and five stories told through the public doors only."""
