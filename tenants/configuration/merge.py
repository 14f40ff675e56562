"""The strictest rule wins: the policies of several contracts become one, field by field.

Every policy field declares in its `Annotated` metadata how it merges (`values.Policy`); nothing
here knows a field by name. Merging is commutative, associative and idempotent, and its result is
never weaker than any of its inputs. Factor methods do not merge at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Final

from pydantic import BaseModel

from tenants.configuration.policy import (
    AccountsSection,
    CodePolicy,
    LinksSection,
    Method,
    PolicySections,
    SessionsSection,
)
from tenants.configuration.values import Merge, Policy

SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "accounts": AccountsSection,
    "mfa": CodePolicy,
    "sessions": SessionsSection,
    "links": LinksSection,
}
"""The sections that merge. `CodePolicy` is `mfa` without its methods."""


@dataclass(frozen=True)
class MergedPolicy:
    """The strictest policy of several contracts, and which of them asks for each value."""

    accounts: AccountsSection
    mfa: CodePolicy
    """Lives of codes and how they are answered. Methods do not merge: see `methods`."""
    sessions: SessionsSection
    links: LinksSection
    origins: Mapping[str, tuple[str, ...]]
    """For each field, as in `accounts.lock_failures`: the contracts whose own value is in force."""
    methods: Mapping[str, tuple[Method, ...]]
    """The factor methods that each contract accepts."""

    @property
    def any_methods(self) -> frozenset[Method]:
        """Return the factor methods that at least one of the contracts accepts."""
        return frozenset(method for accepted in self.methods.values() for method in accepted)

    def origin(self, field: str) -> tuple[str, ...]:
        """Return the slugs of the contracts that a field's value comes from."""
        return self.origins[field]


@lru_cache(maxsize=1)
def policy_fields() -> Mapping[str, Policy]:
    """Return what every policy field declares, by its dotted name such as `mfa.attempts`."""
    return dict(_declared_fields())


def _declared_fields() -> Iterator[tuple[str, Policy]]:
    for section, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            declared = [item for item in field.metadata if isinstance(item, Policy)]
            if len(declared) != 1:
                raise TypeError(f"{section}.{name} does not declare how it merges.")
            yield f"{section}.{name}", declared[0]


def strictest(policies: Mapping[str, PolicySections]) -> MergedPolicy:
    """Merge the policies of contracts, given by slug, to the strictest value of each field.

    A contract's document is a `PolicySections` and can be given as it is. ValueError without any:
    which policy holds without a contract is the caller's to say (the deployment's defaults).
    """
    if not policies:
        raise ValueError("There is no policy to merge.")
    values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    origins: dict[str, tuple[str, ...]] = {}
    for field, policy in policy_fields().items():
        section, name = field.split(".")
        of_contract = {slug: value_of(sections, field) for slug, sections in policies.items()}
        merged = reduce(lambda a, b: merge_values(policy, a, b), of_contract.values())
        values[section][name] = merged
        origins[field] = _origin(policy, merged, of_contract)
    values["accounts"] = _without_late_warnings(values["accounts"])
    return MergedPolicy(
        accounts=AccountsSection(**values["accounts"]),
        mfa=CodePolicy(**values["mfa"]),
        sessions=SessionsSection(**values["sessions"]),
        links=LinksSection(**values["links"]),
        origins=origins,
        methods={slug: sections.mfa.methods for slug, sections in policies.items()},
    )


def value_of(sections: PolicySections | MergedPolicy, field: str) -> Any:
    """Return the value of a policy field by its dotted name."""
    section, name = field.split(".")
    return getattr(getattr(sections, section), name)


def merge_values(policy: Policy, one: Any, other: Any) -> Any:
    """Return the stricter of two values of a field that declares this policy."""
    match policy.merge:
        case Merge.LOWEST:
            return min(one, other)
        case Merge.HIGHEST:
            return max(one, other)
        case Merge.HIGHEST_OR_NONE:
            return None if one is None or other is None else max(one, other)
        case Merge.UNION:
            return _union(policy.order, one, other)
        case Merge.LAST_OF_ORDER:
            return max(one, other, key=policy.order.index)


def is_as_strict(policy: Policy, value: Any, required: Any) -> bool:
    """Tell whether a value is at least as strict as the required one."""
    return bool(merge_values(policy, value, required) == merge_values(policy, value, value))


def stricter_fields(before: PolicySections, after: PolicySections) -> tuple[str, ...]:
    """Return the fields that got stricter, methods included; publishing them ends sessions."""
    fields = [
        field
        for field, policy in policy_fields().items()
        if not is_as_strict(policy, value_of(before, field), value_of(after, field))
    ]
    if set(before.mfa.methods) - set(after.mfa.methods):
        fields.append("mfa.methods")
    if set(before.mfa.accepted_of(admin=True)) - set(after.mfa.accepted_of(admin=True)):
        fields.append("mfa.admin_methods")
    return tuple(fields)


def _union(order: tuple[str, ...], one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    together = {*one, *other}
    return tuple(sorted(together, key=order.index) if order else sorted(together))


def _origin(policy: Policy, merged: Any, of_contract: Mapping[str, Any]) -> tuple[str, ...]:
    """Who asks for the value; for a union, everybody who asks for a part of it."""
    if policy.merge is Merge.UNION:
        asking = [slug for slug, value in of_contract.items() if value]
        return tuple(sorted(asking or of_contract))
    return tuple(sorted(slug for slug, value in of_contract.items() if value == merged))


def _without_late_warnings(accounts: dict[str, Any]) -> dict[str, Any]:
    """Drop the warnings that would come after the account is already deactivated."""
    days = [day for day in accounts["inactivity_warn_days"] if day < accounts["inactivity_days"]]
    return {**accounts, "inactivity_warn_days": tuple(days)}
