"""Operations on tumours: what a procedure code means, which Procedures are one operation, and the draft of each."""
