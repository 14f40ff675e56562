from core.common.failures import describe_safely


def refuse(value: str) -> None:
    raise ValueError(f"code {value} for dana.reed@clinic.example.org")


def test_the_text_of_an_exception_is_not_repeated() -> None:
    try:
        refuse("482913")
    except ValueError as error:
        described = describe_safely(error)
    assert described.startswith("ValueError at test_failures.py:")
    assert "482913" not in described
    assert "clinic" not in described
