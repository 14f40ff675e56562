"""How long things live, in words."""


def life_in_words(seconds: int) -> str:
    """Return `30 seconds`, `1 minute`, `5 minutes` or `1 minute 30 seconds`."""
    minutes, rest = divmod(seconds, 60)
    parts = []
    if minutes:
        parts.append(f"{minutes} minute" + ("" if minutes == 1 else "s"))
    if rest or not minutes:
        parts.append(f"{rest} second" + ("" if rest == 1 else "s"))
    return " ".join(parts)
