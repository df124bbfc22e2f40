"""The POP EHR gateway service: configuration, store, intake, reconciliation, web, command line."""
