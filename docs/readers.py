"""Write docs/evidence/readers.md: how far the first five answers are from the front page of the built site.

`make docs`, then `python docs/readers.py build/docs`. A click is a link in the text of a page, not in its bars. Words
are those of the answering page, title, tables and code included, that stand before the answer.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

MOST_CLICKS, MOST_WORDS = 2, 150
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}


class Question(NamedTuple):
    """What a newcomer asks, the page that answers, and the words with which the answer begins."""

    asked: str
    page: str
    answer: str


QUESTIONS = (
    Question("How do I load my file?", "howto/load_a_recording", 'bi.load_recording("session.nwb"'),
    Question("What is k, and how do I choose it?", "howto/choose_k", "Start with 1 / bin width"),
    Question("Why did the gate fail?", "howto/failed_verdict", "solver residual"),
    Question("Can I trust this interval?", "start/trust", "The verdict says DO NOT TRUST"),
    Question("How do I write my own reward?", "howto/write_a_model", "generative.respond(circuit"),
)
HEAD = """# Two readers' test

> **Claim.** Five questions that a newcomer asks are answered one click from the front page, after at most 150 words.
> Two clicks would be allowed.
>
> **Script.** `make docs`, then `python docs/readers.py build/docs`. **Date.** 28 November 2026.

A click is a link in the text of a page; bars and search are not counted. Words are all that a reader passes on the
answering page before the answer begins: title, sentences, tables and code. A test repeats the measurement on the built
site. No person was timed.
"""


class Article(HTMLParser):
    """The text of a page and its links, without the bars around it."""

    def __init__(self, html: str):
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []  # tags within the article
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if (self._open or "bd-article" in (named.get("class") or "").split()) and tag not in VOID:
            self._open.append(tag)
        if self._open and tag == "a" and named.get("href"):
            self.links.append(named["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open and data.strip() != "#":  # the sign beside headings
            self.words += [data]


class Distance(NamedTuple):
    """What lies between the front page and an answer."""

    clicks: int
    words: int


def read(site: Path, page: str) -> Article:
    """A page of the site, by its name."""
    return Article((site / f"{page}.html").read_text(encoding="utf-8"))


def clicks(site: Path, page: str) -> int:
    """How many links lead from the front page to this one, at least."""
    here, seen = {"index"}, {"index"}
    for number in range(MOST_CLICKS + 1):
        if page in here:
            return number
        here = {link for name in here for link in linked(site, name)} - seen
        seen |= here
    raise ValueError(f"{page} is more than {MOST_CLICKS} clicks away")


def linked(site: Path, page: str) -> Iterator[str]:
    """The pages of the site that a page links to."""
    for link in read(site, page).links:
        address = urlsplit(link)
        target = (site / page).parent.joinpath(unquote(address.path)).resolve()
        if not address.scheme and target.suffix == ".html" and target.is_file():
            yield str(target.relative_to(site.resolve()).with_suffix(""))


def measure(site: Path, question: Question) -> Distance:
    """Clicks and words before an answer."""
    text = " ".join("".join(read(site, question.page).words).split())
    before, found, _ = text.partition(question.answer)
    if not found:
        raise ValueError(f"{question.page} does not say {question.answer!r}")
    return Distance(clicks(site, question.page), len(before.split()))


def table(site: Path) -> str:
    """The page."""
    rows = ["| question | page | the answer begins with | clicks | words before |", "|---|---|---|---|---|"]
    for each in QUESTIONS:
        found = measure(site, each)
        rows.append(
            f"| {each.asked} | [{each.page}](../{each.page}.md) | `{each.answer}` | {found.clicks} | {found.words} |"
        )
    return "\n".join([HEAD, *rows]) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "evidence" / "readers.md").write_text(table(Path(sys.argv[1])), encoding="utf-8")
