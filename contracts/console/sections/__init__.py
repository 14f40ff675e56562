"""The sections of a contract's document as forms, made from the typed model and nothing else."""
