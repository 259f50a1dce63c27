"""grid: the area tree and its shapes, the 1+4+X force, households with their colours, and visits."""
