"""The terminology workbench: what waits for a decision about a code, the decisions, and what they bring about."""
