"""Reports: all results about several claims on one recording, as one page."""

from bayes_irl.report.write import write_report

__all__ = ["write_report"]
