"""The reconciler: mapping what changed, planning against the ledger, applying to POP."""
