"""What the commands about documents print, and how they end when something is wrong."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from contracts.console.outcomes import Exit, RefusedError, change_facts
from contracts.console.waivers import notice_due
from tenants.configuration.approvals import ApprovalNeededError
from tenants.configuration.diff import Change
from tenants.configuration.document import Waiver
from tenants.configuration.gates import GateFailure
from tenants.configuration.loading import DocumentErrors, locate
from tenants.configuration.publishing import Plan
from tenants.configuration.refusals import GatesClosedError, PublishedMeanwhileError
from tenants.models import ContractRevision, DeploymentRevision
from tenants.provisioning import ProvisioningError


@contextmanager
def refusals_as_command_errors(file: str, text: str) -> Iterator[None]:
    """Turn what publishing refuses into the command's error, with file and line."""
    try:
        yield
    except DocumentErrors as error:
        raise mistakes(error) from error
    except GatesClosedError as error:
        raise closed_gates(error.failures, file, text) from error
    except ApprovalNeededError as error:
        raise RefusedError(
            f"{file}: {error} Ask for it in the console, or publish as the deployment's owner: "
            "--without-second-person with a --note.",
            code=error.code,
        ) from error
    except ProvisioningError as error:
        raise RefusedError(
            f"{file}: {error}", code="provisioning_unfinished", exit_code=Exit.UNFINISHED
        ) from error
    except PublishedMeanwhileError as error:
        lines = [f"{file}: {error}", "What was published since:", *change_lines(error.changes)]
        raise RefusedError(
            "\n".join(lines),
            code=error.code,
            exit_code=Exit.MEANWHILE,
            facts={
                "base": error.base,
                "published": error.published,
                "changes": change_facts(error.changes),
            },
        ) from error


def mistakes(error: DocumentErrors) -> RefusedError:
    """Return all that is wrong with a document that cannot be read."""
    problems = [
        {"file": one.file, "line": one.line, "field": one.field, "message": one.message}
        for one in error.problems
    ]
    return RefusedError(str(error), code=error.code, facts={"problems": problems})


def closed_gates(failures: Iterable[GateFailure], file: str, text: str) -> RefusedError:
    """Return why a document cannot be published, in the form of compilers: file, line, field.

    The commands are the deployment's owner's, who may know every contract.
    """
    located = [(locate(text, failure.field), failure.named()) for failure in failures]
    ordered = sorted(located, key=lambda item: (item[0], item[1].field))
    problems = [
        {"file": file, "line": line, "field": one.field, "message": one.message, "gate": one.gate}
        for line, one in ordered
    ]
    lines = [f"{file}:{line}: {failure}" for line, failure in ordered]
    return RefusedError("\n".join(lines), code=GatesClosedError.code, facts={"problems": problems})


def change_lines(changes: Sequence[Change]) -> list[str]:
    """Return a line for each changed field."""
    return [f"  {change}" for change in changes] or ["  no difference"]


def plan_lines(plan: Plan, name: str) -> list[str]:
    """Return what publishing would do, for a person to read before they apply."""
    base = f"revision {plan.base}" if plan.base else "nothing published yet"
    lines = [f"{name}: compared with {base}", *change_lines(plan.changes)]
    if plan.stricter:
        lines.append(f"  stricter, so sessions end: {', '.join(plan.stricter)}")
    return lines


def waiver_lines(waivers: Sequence[Waiver], on: date) -> list[str]:
    """Return a line for each waiver that ends soon or has ended."""
    lines = []
    for waiver in waivers:
        left = (waiver.until - on).days
        if left < 0:
            lines.append(f"  overdue: the waiver of {waiver.rule} ended on {waiver.until}")
        elif notice_due(waiver, on):
            lines.append(f"  the waiver of {waiver.rule} ends in {left} days, on {waiver.until}")
    return lines


def history_facts(revision: ContractRevision | DeploymentRevision) -> dict[str, Any]:
    """Return a revision as a program reads it."""
    return {
        "revision": revision.number,
        "published_at": revision.published_at.isoformat(),
        "published_by": str(revision.published_by) if revision.published_by else None,
        "base": revision.base_number,
        "digest": revision.digest,
        "note": revision.note,
    }


def history_lines(revisions: Iterable[ContractRevision | DeploymentRevision]) -> list[str]:
    """Return a line for each revision, newest first."""
    return [
        f"{revision.number:>4}  {_moment(revision.published_at)}  {revision.digest[:12]}  "
        f"based on {revision.base_number or '-'}  by {revision.published_by or 'command'}"
        f"{'  ' + revision.note if revision.note else ''}"
        for revision in revisions
    ]


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
