"""The community of the demo: its data, its people, and three stories told through the public doors only."""
