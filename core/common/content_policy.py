"""The Content-Security-Policy of the portal's pages."""


def content_policy(*, frames: bool = False, is_framed: bool = False) -> str:
    """Return the policy: what comes from the page's own host alone, and no inline script or style.

    `frames`: the page shows other pages of the same host in frames. `is_framed`: it may be shown so
    itself; every page that does something stays out of frames.
    """
    ancestors = "'self'" if is_framed else "'none'"
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            *(["frame-src 'self'"] if frames else []),
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {ancestors}",
        ]
    )
