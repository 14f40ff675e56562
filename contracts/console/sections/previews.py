"""What a section comes to, where that can be shown at once."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from core.common.identifiers import normalize
from tenants.configuration.brand import make_tones
from tenants.configuration.document import BrandSection, ProgramIdRule, RegistrationSection
from tenants.configuration.values import Section


@dataclass(frozen=True)
class Preview:
    """What is shown below a section. `tones` are colors by their names, from light to dark."""

    title: str
    sentences: tuple[str, ...]
    is_good: bool
    tones: tuple[tuple[str, str], ...] = ()


def preview_of(section: Section | None) -> Preview | None:
    """Return what a section that can be read comes to; None where there is nothing to show."""
    if isinstance(section, BrandSection):
        return _of_brand(section)
    if isinstance(section, RegistrationSection) and isinstance(section.rule, ProgramIdRule):
        return _of_pattern(section.rule, section.code_example)
    return None


def _of_brand(brand: BrandSection) -> Preview:
    tones = make_tones(brand.color)
    failures = tones.contrast_failures()
    return Preview("The seven tones", failures, not failures, tuple(asdict(tones).items()))


def _of_pattern(rule: ProgramIdRule, example: Any) -> Preview:
    fits = re.fullmatch(rule.pattern, normalize(example)) is not None
    verdict = "fits the pattern" if fits else "does not fit the pattern"
    return Preview("The pattern, tried", (f"The example {example} {verdict}.",), fits)
