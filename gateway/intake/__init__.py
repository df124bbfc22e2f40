"""Intake: from bytes to durably stored resource versions, each in a visible state, before anything is acknowledged."""
