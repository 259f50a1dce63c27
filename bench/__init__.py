"""Published figures: one file each, and each measures its physical limit beside itself in the same run."""
