"""Member units of the joint party committee, and the keys they call with."""
