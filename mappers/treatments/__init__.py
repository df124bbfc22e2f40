"""What systemic therapies and radiotherapies state alike: intent, role beside surgery, reason of their end."""
