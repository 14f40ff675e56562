"""What tenancy refuses. These are faults of the program or its set-up, never of a person."""


class TenancyError(RuntimeError):
    """Work was about to touch the data of the wrong contract, or of none."""


class NoContractError(TenancyError):
    """A contract's data was asked for where no contract is in hand."""


class OtherContractError(TenancyError):
    """An object or queryset of one contract was used in another."""


class ContractSwitchError(TenancyError):
    """One transaction was about to touch two contracts."""


class RawTransactionError(TenancyError):
    """SQL text tried to steer the transaction or the search path past the backend."""


class UnknownContractError(LookupError):
    """No ready contract has this slug or id."""


class NotConfiguredError(LookupError):
    """The deployment's own document has not been applied yet."""
