"""What a valid document must still fulfil before it is published.

Each gate has a name, so that refusals, pages and tests can speak of it. A contract may be weaker
than the default preset only where it lists a waiver with a reason and an end; a waiver that is past
its end stops every further publication until it is renewed or the policy is mended.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar, Final

from core.common.identifiers import normalize, npi_is_valid
from tenants.configuration.brand import make_tones
from tenants.configuration.deployment import DeploymentDocument
from tenants.configuration.document import (
    BrandSection,
    ContractDocument,
    ProgramIdRule,
    TermsVersion,
    Waiver,
)
from tenants.configuration.merge import is_as_strict, policy_fields, value_of
from tenants.configuration.policy import PolicySections
from tenants.configuration.presets import DEFAULT

SHORTEST_CODE_LIFE: Final = 60
"""Seconds. WCAG 2.2.1: less leaves no time to read and type a code."""
_CODE_LIVES: Final = (
    "mfa.email_code_seconds",
    "mfa.verify_email_code_seconds",
    "mfa.sms_code_seconds",
    "mfa.voice_code_seconds",
)
_SPECIAL: Final = {"accounts.password_classes", "accounts.inactivity_warn_days"}
"""Fields whose weakness is not a matter of less or more."""


@dataclass(frozen=True)
class GateFailure:
    """One reason why a document cannot be published."""

    gate: str
    field: str
    """The dotted field, with places in lists from 0, as in `waivers.2.until`."""
    message: str
    """For everybody who may plan: other contracts are not named in it."""
    owner: str = ""
    """The slug of another contract that stands in the way, for who may know (`named`)."""

    def __str__(self) -> str:
        """Return the failure on one line."""
        return f"{self.field}: {self.message} [{self.gate}]"

    def named(self) -> "GateFailure":
        """Return the failure with the other contract's slug, for who may see that one."""
        if not self.owner:
            return self
        return replace(self, message=f"{self.message} It is the contract {self.owner}.")


@dataclass(frozen=True)
class GateContext:
    """What the gates look at besides the document itself."""

    on: date
    """The day of publication in the document's time zone."""
    published: ContractDocument | None = None
    """The contract's present revision."""
    taken_hosts: Mapping[str, str] = field(default_factory=dict)
    """Hosts that belong to somebody else, and to which contract; "": to the portal."""
    taken_senders: Mapping[str, str] = field(default_factory=dict)
    """Addresses, in small letters, from which others send mail, and which contracts these are; "":
    the deployment."""
    issuers: Container[str] | None = None
    """Of the identity providers that the deployment has; None: it is not known here."""
    needed_issuers: Mapping[str, str] = field(default_factory=dict)
    """Issuers that published contracts name, and which contract."""
    logos: Mapping[str, tuple[int, int]] | None = None
    """Width and height of the images that are here, by digest; None: it is not known here."""
    was_published_without_vectors: bool = False
    """Whether this very document was published before there were test vectors."""


@dataclass(frozen=True)
class Weakness:
    """A point in which a policy is weaker than the default preset."""

    rule: str
    message: str


Gate = Callable[[ContractDocument, GateContext], Iterator[GateFailure]]


def contract_failures(document: ContractDocument, context: GateContext) -> tuple[GateFailure, ...]:
    """Return every reason why a contract's document cannot be published; empty when it can."""
    gates = (*_CONTRACT_GATES, *_Added.gates)
    return tuple(failure for gate in gates for failure in gate(document, context))


def add_gate(gate: Gate) -> None:
    """Have one more gate asked of every contract's document, after those of this module.

    For apps that know what this one cannot: what a rule of registration says. Called when an app is
    ready; the same gate once more changes nothing.
    """
    if gate not in _Added.gates:
        _Added.gates.append(gate)


def deployment_failures(
    document: DeploymentDocument, context: GateContext
) -> tuple[GateFailure, ...]:
    """Return every reason why the deployment's document cannot be published."""
    brands = [("brand", document.brand)]
    brands += [
        (f"portal_hosts.{place}.brand", host.brand)
        for place, host in enumerate(document.portal_hosts)
        if host.brand
    ]
    hosts = [
        (f"portal_hosts.{place}.host", host.host)
        for place, host in enumerate(document.portal_hosts)
    ]
    weaknesses = [
        Weakness(f"{name}.{weakness.rule}", weakness.message)
        for name, sections in (("defaults", document.defaults), ("staff", document.staff))
        for weakness in weaker_than_default(sections)
    ]
    failures: list[GateFailure] = []
    for place, brand in brands:
        failures += _brand_failures(place, brand)
        failures += _logo_failures(place, brand, context)
    failures += _host_failures(hosts, context)
    failures += _issuers_are_kept(document, context)
    failures += _waiver_failures(document.waivers, weaknesses, context.on)
    return tuple(failures)


def weaker_than_default(sections: PolicySections) -> tuple[Weakness, ...]:
    """Return the points in which a policy is weaker than the default and needs a waiver."""
    return tuple(_weaknesses(sections))


def overdue_waivers(
    document: ContractDocument | DeploymentDocument, on: date
) -> tuple[Waiver, ...]:
    """Return the waivers whose last day is past; the contract goes on, but nothing publishes."""
    return tuple(waiver for waiver in document.waivers if waiver.until < on)


def _weaknesses(sections: PolicySections) -> Iterator[Weakness]:
    for name, policy in policy_fields().items():
        value, default = value_of(sections, name), value_of(DEFAULT, name)
        if name not in _SPECIAL and not is_as_strict(policy, value, default):
            shown = _with_unit(value, policy.unit)
            yield Weakness(name, f"{shown} is weaker than {_with_unit(default, policy.unit)}.")
    if sections.accounts.password_classes:
        yield Weakness(
            "accounts.password_classes",
            "Composition rules make passwords easier to guess (NIST SP 800-63B-4, ASVS 6.2.5).",
        )
    if not sections.accounts.inactivity_warn_days:
        yield Weakness(
            "accounts.inactivity_warn_days", "Nobody is warned before the account is deactivated."
        )
    for name in _CODE_LIVES:
        if value_of(sections, name) < SHORTEST_CODE_LIFE:
            yield Weakness(
                name,
                f"A code needs {SHORTEST_CODE_LIFE} seconds to be read and typed (WCAG 2.2.1).",
            )
    yield from _method_weaknesses(sections)


def _method_weaknesses(sections: PolicySections) -> Iterator[Weakness]:
    methods = set(sections.mfa.methods)
    if "email" in methods:
        yield Weakness("mfa.methods.email", "E-mail is no factor out of band (NIST SP 800-63B-4).")
    if "phone" in methods and not methods & {"totp", "passkey"}:
        yield Weakness(
            "mfa.methods.phone",
            "Text messages and calls need an authenticator app or a passkey beside them.",
        )


def _with_unit(value: Any, unit: str) -> str:
    shown = "no limit" if value is None else str(value)
    return f"{shown} {unit}".strip()


def _brand_is_readable(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    yield from _brand_failures("brand", document.brand)


def _brand_failures(place: str, brand: BrandSection) -> Iterator[GateFailure]:
    for message in make_tones(brand.color).contrast_failures():
        yield GateFailure("brand_is_readable", f"{place}.color", f"{message}.")


def _logo_is_present(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    yield from _logo_failures("brand", document.brand, context)


def _logo_failures(place: str, brand: BrandSection, context: GateContext) -> Iterator[GateFailure]:
    """A document that was written for another deployment may name an image that is only there."""
    if brand.logo is None or context.logos is None:
        return
    found, said = context.logos.get(brand.logo), (brand.logo_width, brand.logo_height)
    if found is None:
        yield GateFailure(
            "logo_is_present",
            f"{place}.logo",
            f"The image {brand.logo[:12]}… is not stored here. Upload it on the page of the brand, "
            "or store its file with `contract logo`.",
        )
    elif found != said:
        yield GateFailure(
            "logo_is_present",
            f"{place}.logo",
            f"The image {brand.logo[:12]}… has {found[0]} × {found[1]} pixels, not "
            f"{said[0]} × {said[1]}.",
        )


def _support_is_reachable(
    document: ContractDocument, context: GateContext
) -> Iterator[GateFailure]:
    """People in difficulty need an answer today: a letter or a fax number does not give it."""
    if not any(contact.phone or contact.email for contact in document.support):
        yield GateFailure(
            "support_is_reachable",
            "support",
            "No support contact has a phone number or an e-mail address.",
        )


def _hosts_are_free(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    hosts = [("hosts.primary", document.hosts.primary)] if document.hosts.primary else []
    hosts += [(f"hosts.aliases.{place}", host) for place, host in enumerate(document.hosts.aliases)]
    hosts += [
        (f"hosts.redirects.{place}", host) for place, host in enumerate(document.hosts.redirects)
    ]
    yield from _host_failures(hosts, context)


def _host_failures(hosts: list[tuple[str, str]], context: GateContext) -> Iterator[GateFailure]:
    for place, host in hosts:
        if host in context.taken_hosts:
            owner = context.taken_hosts[host]
            whose = "another program" if owner else "the portal"
            message = f"The host {host} belongs to {whose}."
            yield GateFailure("hosts_are_free", place, message, owner)


def _sender_is_its_own(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    """A mail provider verifies for the whole deployment: it does not know whose an address is."""
    owner = context.taken_senders.get(document.brand.sender_address.lower())
    if owner is not None:
        whose = "another program" if owner else "the deployment"
        yield GateFailure(
            "sender_is_its_own",
            "brand.sender_address",
            f"{document.brand.sender_address} is the address of {whose}. Enter another one, or "
            "have the deployment's document list it in channels.email.senders.",
            owner,
        )


def _issuers_are_known(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    for place, issuer in enumerate(document.staff.issuers):
        if context.issuers is not None and issuer not in context.issuers:
            yield GateFailure(
                "issuers_are_known",
                f"staff.issuers.{place}",
                f"The deployment's document describes no identity provider {issuer}.",
            )


def _issuers_are_kept(document: DeploymentDocument, context: GateContext) -> Iterator[GateFailure]:
    present = {provider.issuer for provider in document.identity_providers}
    for issuer, slug in context.needed_issuers.items():
        if issuer not in present:
            yield GateFailure(
                "issuers_are_kept",
                "identity_providers",
                f"The contract {slug} names the identity provider {issuer}.",
            )


def _examples_fit(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    registration = document.registration
    needs_npi = registration.check_npi and "npi" in registration.identifier_types
    if needs_npi and not npi_is_valid(registration.identifier_example):
        yield GateFailure(
            "examples_fit", "registration.identifier_example", "The example is not a valid NPI."
        )
    rule = registration.rule
    if isinstance(rule, ProgramIdRule) and not re.fullmatch(
        rule.pattern, normalize(registration.code_example)
    ):
        yield GateFailure(
            "examples_fit", "registration.code_example", "The example does not match the pattern."
        )


def _terms_are_in_effect(document: ContractDocument, context: GateContext) -> Iterator[GateFailure]:
    opening = max(context.on, document.contract.opens_on or context.on)
    if all(terms.effective_on > opening for terms in document.terms):
        first = min(terms.effective_on for terms in document.terms)
        yield GateFailure(
            "terms_are_in_effect",
            "terms",
            f"No version of the terms is in effect when people register, {opening} in "
            f"{document.contract.time_zone}: the first begins on {first}.",
        )


def _terms_are_not_rewritten(
    document: ContractDocument, context: GateContext
) -> Iterator[GateFailure]:
    """What people accepted stays what they accepted."""
    new: dict[str, TermsVersion] = {terms.version: terms for terms in document.terms}
    for old in context.published.terms if context.published else ():
        if old.effective_on <= context.on and new.get(old.version) != old:
            yield GateFailure(
                "terms_are_not_rewritten",
                "terms",
                f'Version "{old.version}" is in effect; add a new version instead of changing it.',
            )


def _weaker_policy_is_waived(
    document: ContractDocument, context: GateContext
) -> Iterator[GateFailure]:
    yield from _waiver_failures(document.waivers, weaker_than_default(document), context.on)


def _waiver_failures(
    waivers: tuple[Waiver, ...], weaknesses: tuple[Weakness, ...] | list[Weakness], on: date
) -> Iterator[GateFailure]:
    waived = {waiver.rule for waiver in waivers}
    weak = {weakness.rule for weakness in weaknesses}
    for weakness in weaknesses:
        if weakness.rule not in waived:
            yield GateFailure(
                "weaker_policy_is_waived",
                weakness.rule,
                f"{weakness.message} List a waiver for it or mend it.",
            )
    for place, waiver in enumerate(waivers):
        if waiver.rule not in weak:
            yield GateFailure(
                "waivers_are_needed",
                f"waivers.{place}.rule",
                f"Nothing in this document is waived by {waiver.rule}.",
            )
        elif waiver.until < on:
            yield GateFailure(
                "waivers_are_current",
                f"waivers.{place}.until",
                f"The waiver ended on {waiver.until}. Renew it or mend the policy.",
            )


class _Added:
    gates: ClassVar[list[Gate]] = []


_CONTRACT_GATES: Final[tuple[Gate, ...]] = (
    _brand_is_readable,
    _logo_is_present,
    _support_is_reachable,
    _hosts_are_free,
    _sender_is_its_own,
    _issuers_are_known,
    _examples_fit,
    _terms_are_in_effect,
    _terms_are_not_rewritten,
    _weaker_policy_is_waived,
)
