"""What a person can mend: each error is one sentence, shown as it stands."""


class InputError(ValueError):
    """Bad input: the message names the field, the bound and the value, or file and fault."""


class BlankImageError(InputError):
    """A picture without ink."""


class UnknownRunError(InputError):
    """A run id that the store does not hold."""
