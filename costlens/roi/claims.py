"""What a declared benefit says that no figure follows yet."""

from collections.abc import Iterator

from costlens.config.values import Catalogue
from costlens.errors import Finding


def check_claims(catalogue: Catalogue) -> Iterator[Finding]:
    """Warn of every claim whose figures are higher than it says itself."""
    for product in catalogue.products:
        for benefit in product.benefits:
            if benefit.decay is not None and benefit.amount:
                yield Finding(
                    message=f'benefit "{benefit.name}" of {product.name} wears off, and '
                    "its figures do not follow that yet",
                    where=benefit.place,
                    hint='write "until" where it is over, or a smaller "amount"',
                    code="decay_not_applied",
                    severity="warning",
                )
