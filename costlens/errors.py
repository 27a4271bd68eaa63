"""What a user can put right: findings with a place, and the error that carries them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong or missing: what, where (`file:line`), and what to write instead."""

    message: str
    where: str = ""
    hint: str = ""
    code: str = "bad_input"
    severity: str = "error"
    currency: str = ""  # of the money it is about, which stands here as plain text
    billed: str = ""
    effective: str = ""
    quiet: bool = False  # listed by `costlens findings`, and not said at every refresh

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n    {self.hint}" if self.hint else head


class CostLensError(Exception):
    """Something the user can put right; it carries every finding there is, not only the first."""

    def __init__(
        self,
        message: str = "",
        *,
        where: str = "",
        hint: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        """Make an error of one message, or of the findings of a check."""
        self.findings = tuple(findings) or (Finding(message=message, where=where, hint=hint),)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class UntiedError(CostLensError):
    """Amounts that have to be equal and are not; nothing is made of them.

    Either files of the lake were changed by something else, or CostLens is wrong.
    """

    def __init__(self, what: str, found: object, wanted: object, *, build: int) -> None:
        """Say which amounts, what they are, and what they have to be."""
        super().__init__(
            f"{what} adds up to {found} and should to {wanted}",
            where=f"build {build}",
            hint="nothing was written. Either files of the lake were changed by something else: "
            "delete the lake and refresh; or CostLens is wrong: tell us of this line",
        )
