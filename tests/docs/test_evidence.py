"""Pages of evidence open with what they claim; decisions are short records."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
LISTED = re.findall(r"^\S*/?[a-z_]+$", (DOCS / "evidence" / "index.md").read_text().split("## How")[0], re.MULTILINE)
EVIDENCE = [(DOCS / "evidence" / f"{name}.md").resolve() for name in LISTED]
RECORDS = [
    record
    for page in sorted((DOCS / "decisions").glob("*.md"))
    for record in page.read_text(encoding="utf-8").split("\n## ")[1:]
]
PARTS = ["Question", "Choice", "Why", "Measured", "Refused"]


@pytest.mark.parametrize("page", EVIDENCE, ids=lambda page: page.stem)
def test_evidence_opens_with_its_claim_its_script_and_its_date(page):
    """The claim in two sentences; the script as a command."""
    opening = re.match(r"# .+\n\n((?:>.*\n)+)\n", page.read_text(encoding="utf-8"))
    assert opening, "> **Claim.** … > **Script.** … **Date.** …"
    text = " ".join(opening[1].replace(">", " ").split())
    found = re.fullmatch(r"\*\*Claim\.\*\* (.+) \*\*Script\.\*\* (.+) \*\*Date\.\*\* \d{1,2} \w+ 20\d\d\.", text)
    assert found, text
    assert len(re.findall(r"[.?](?: |$)", found[1])) == 2
    assert re.search(r"`[^`]*(make |\.py|pytest )[^`]*`", found[2])


def test_every_page_of_evidence_is_listed():
    assert len(EVIDENCE) >= 10 and all(page.is_file() for page in EVIDENCE)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.splitlines()[0])
def test_a_decision_is_a_record(record):
    """Question, choice and why; then what was measured and what was refused, where there is something to say."""
    parts = re.findall(r"^- \*\*(\w+)\.\*\* ", record, re.MULTILINE)
    assert parts[:3] == PARTS[:3] and parts == [each for each in PARTS if each in parts]
    prose = " ".join(line for line in record.splitlines() if not line.startswith("|"))
    assert len(prose.split()) <= 400
