"""The 1+4+X force of grids: who stands in which role, and who is asked to handle an issue."""
