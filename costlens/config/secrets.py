"""Read a secret from where it is kept; it goes into no message."""

import os
from pathlib import Path

from costlens.config.access import Password
from costlens.errors import CostLensError, Finding


def secret_of(kept: Password, folder: Path, *, what: str = "password", code: str) -> str:
    """Read a secret of the environment, or of a file relative to the folder of costlens.yaml."""

    def refused(message: str, hint: str) -> CostLensError:
        return CostLensError(
            findings=[Finding(message=message, where=kept.place, hint=hint, code=code)]
        )

    if kept.env is not None:
        if kept.env not in os.environ:
            raise refused(f"the environment has no {kept.env}", f"set it to the {what}")
        return os.environ[kept.env]
    assert kept.file is not None  # one of the two is written
    try:
        text = (folder / Path(kept.file).expanduser()).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
        raise refused(
            f"the {what} cannot be read from {kept.file}: {why.lower()}",
            f"write the {what} into that file, and nothing else",
        ) from None
    return text.rstrip("\r\n")
