"""The JSON Schema of contract documents: for editors, pipelines and whoever asks for it."""

import json
from functools import cache

from tenants.configuration.document import ContractDocument


@cache
def contract_schema() -> str:
    """Return it as it is printed, served (/schemas/contract.json) and kept in docs/."""
    return json.dumps(ContractDocument.model_json_schema(), indent=2)
