"""Everything that talks to another system: the EHR, POP, and the sandbox peers that stand in for them."""
