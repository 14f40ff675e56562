"""The gates that run a document's test vectors before it is published."""

from collections.abc import Iterator

from contracts.registration.rules import VectorResult, is_issued_code, run_vector
from core.common.identifiers import normalize
from tenants.configuration.document import ContractDocument, ProgramIdRule
from tenants.configuration.gates import GateContext, GateFailure
from tenants.configuration.vectors import ANOTHER_CODE, ISSUED_CODE

_VECTORS = "registration.test_vectors"


def vectors_are_met(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    """Yield each vector to which the rule says something else, and what the vectors leave out.

    Nor may they hold what could be a code that was issued.
    """
    yield from _coverage(document, context)
    yield from _codes(document)
    for place, vector in enumerate(document.registration.test_vectors):
        result = run_vector(document.registration, vector, today=context.on)
        if not result.passed:
            yield GateFailure("test_vectors_pass", f"{_VECTORS}.{place}.expect", _sentence(result))


def _coverage(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    """Going back to what was published before there were test vectors stays possible."""
    if context.was_published_without_vectors:
        return
    expected = {vector.expect for vector in document.registration.test_vectors}
    if "accepted" not in expected:
        yield GateFailure(
            "test_vectors_cover", _VECTORS, "Add a test vector that the rule must accept."
        )
    if not expected - {"accepted"}:
        yield GateFailure(
            "test_vectors_cover", _VECTORS, "Add a test vector that the rule must refuse."
        )


def _codes(document: ContractDocument) -> Iterator[GateFailure]:
    """Where codes are secrets, none stands in a document, not even by mistake."""
    if isinstance(document.registration.rule, ProgramIdRule):
        return
    for place, vector in enumerate(document.registration.test_vectors):
        for name in ("identifier", "code"):
            if _could_be_issued(getattr(vector, name) or ""):
                yield GateFailure(
                    "test_vectors_hold_no_codes",
                    f"{_VECTORS}.{place}.{name}",
                    "This could be a code that was issued, which is a secret. Write "
                    f"{ISSUED_CODE} or {ANOTHER_CODE}.",
                )


def _could_be_issued(typed: str) -> bool:
    """Tell whether a value looks like an issued code; digits alone are numbers of providers."""
    plain = normalize(typed)
    return not plain.isdecimal() and is_issued_code(plain, length=len(plain))


def _sentence(result: VectorResult) -> str:
    because = f" This is not so: {result.decided_by}" if result.decided_by else ""
    return (
        f"“{result.vector.what}”: {result.vector.expect} is expected, "
        f"the rule says {result.outcome}.{because}"
    )
