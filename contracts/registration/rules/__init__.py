"""The rule families of registration: pure functions that decide who may register what.

`evaluate` decides, `check_input` looks at the shape of what was typed, `entry_pairs` and
`probe_pair` serve the shared index by which the portal host finds the contract.
"""

from contracts.registration.rules.codes import (
    group_code,
    is_issued_code,
    issued_code_digest,
    new_issued_code,
)
from contracts.registration.rules.evaluation import evaluate
from contracts.registration.rules.facts import (
    Check,
    Decision,
    EntryFacts,
    IssuedCodeFacts,
    ProofFacts,
    Reason,
    Step,
    Way,
)
from contracts.registration.rules.inputs import InputError, InputProblem, check_input
from contracts.registration.rules.pairs import (
    Pair,
    entry_pairs,
    issued_code_pair,
    probe_pair,
)
from contracts.registration.rules.proofs import parse_amount, parse_date
from contracts.registration.rules.vectors import VectorResult, run_vector

__all__ = [
    "Check",
    "Decision",
    "EntryFacts",
    "InputError",
    "InputProblem",
    "IssuedCodeFacts",
    "Pair",
    "ProofFacts",
    "Reason",
    "Step",
    "VectorResult",
    "Way",
    "check_input",
    "entry_pairs",
    "evaluate",
    "group_code",
    "is_issued_code",
    "issued_code_digest",
    "issued_code_pair",
    "new_issued_code",
    "parse_amount",
    "parse_date",
    "probe_pair",
    "run_vector",
]
