"""The area tree: codes, shapes, compounds, and where a point or an address lies."""
