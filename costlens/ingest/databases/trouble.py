"""What keeps us from reading a database, in words that both kinds of servers share."""

from costlens.config.address import Address


class TroubleError(Exception):
    """A database cannot be read: why, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep both, which show no password."""
        self.message, self.hint = message, hint
        super().__init__(message)


def not_installed(kind: str, package: str) -> TroubleError:
    """Say which package reads such a database."""
    return TroubleError(f"{package} is not installed", f"run: pip install 'costlens[{kind}]'")


def no_answer(reason: str) -> TroubleError:
    """Say that no server could be reached."""
    return TroubleError(
        f"the server does not answer: {reason}",
        "correct host and port in url:, or see that the server runs and may be reached from here",
    )


def refused(address: Address, *, with_password: bool) -> TroubleError:
    """Say that the server does not let the user in."""
    if with_password:
        return TroubleError(
            f"the server refuses the user {address.user} with this password",
            "correct the user in url:, or the password where password: says that it is kept",
        )
    return TroubleError(
        f"the server refuses the user {address.user} without a password",
        "write where it is kept: password: {env: NAME} or {file: PATH}",
    )


def no_database() -> TroubleError:
    """Say that the server has no such database."""
    return TroubleError("there is no such database", "correct its name, the last part of url:")


def not_allowed(address: Address, what: str) -> TroubleError:
    """Say what the user may not read."""
    return TroubleError(
        f"the user {address.user} may not read {what}",
        f"as its owner: grant select on {what.removeprefix('the table ')} to {address.user}",
    )


def broken(reason: str) -> TroubleError:
    """Say that reading broke off."""
    return TroubleError(f"reading broke off: {reason}", "run the command again")
