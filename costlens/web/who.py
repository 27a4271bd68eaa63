"""Who asks, and what it means that a figure is not for them."""

from dataclasses import dataclass

from costlens.errors import CostLensError


@dataclass(frozen=True, kw_only=True)
class Who:
    """One who reads the pages; without teams an admin, who sees every figure."""

    name: str
    teams: frozenset[str] | None = None

    @property
    def role(self) -> str:
        """The role's name in costlens.yaml."""
        return "admin" if self.teams is None else "viewer"


EVERYBODY = Who(name="")


class NotForRoleError(CostLensError):
    """A figure is not for the role of who asks for it."""
