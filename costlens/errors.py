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
