"""Tables of epochs in text files (.csv, .tsv), such as trials with their stimuli."""

import csv
from pathlib import Path

import numpy as np

from bayes_irl._checks import InputError

_MAX_BYTES = 200_000_000


def read_table(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a text file by the names in its first row; columns of numbers as numbers.

    Raises:
        InputError: If the file is missing, too large, or its rows differ in length.
    """
    if not path.is_file():
        raise InputError.of("path", "an existing file", path)
    if path.stat().st_size > _MAX_BYTES:
        raise InputError.of("path", f"a table of at most {_MAX_BYTES:,} bytes", f"{path.stat().st_size:,}")
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        rows = [
            row
            for row in csv.reader(text.splitlines(), delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
            if row
        ]
    except csv.Error as error:
        raise InputError.of("path", "a table of text", f"{path} ({error})") from error
    if len(rows) < 2:
        raise InputError.of("path", "a table with a row of names, and rows below it", path)
    names = [name.strip() for name in rows[0]]
    if wrong := next((number for number, row in enumerate(rows, 1) if len(row) != len(names)), None):
        raise InputError.of(
            "path", f"{len(names)} entries in each row", f"{len(rows[wrong - 1])} in row {wrong} of {path}"
        )
    return {name: _typed([row[k].strip() for row in rows[1:]]) for k, name in enumerate(names)}


def _typed(entries: list[str]) -> np.ndarray:
    """Numbers if all entries are, else words."""
    try:
        return np.array([float(entry) for entry in entries])
    except ValueError:
        return np.array(entries, dtype=np.str_)
