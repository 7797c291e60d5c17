"""The words of the submit form: what stands beside a field, in the verdict and in the receipt."""

from datetime import UTC, datetime
from html import escape

import pytest

from leaderboard.errors import Problem
from leaderboard.records import QueueEntry, Submission
from leaderboard.submissions import Checked
from leaderboard.suites import evaluable_suites
from leaderboard.views import text

WANTED = Submission(
    model="org/m", revision="a" * 40, precision="bfloat16", suite="core",
    submitted_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip
WARNED = Checked(submission=WANTED, warnings=("It <may> not load.",))


def test_warnings_stand_beside_the_model_before_sending_and_in_the_receipt_after() -> None:
    assert "It &lt;may&gt; not load." in text.field_html(WARNED, "model")
    assert text.field_html(WARNED, "revision") == ""
    entry = QueueEntry(submission=WANTED, state="PENDING", updated_at=WANTED.submitted_at)
    assert "It &lt;may&gt; not load." in text.receipt_html(entry, WARNED.warnings)


def test_problems_and_warnings_of_a_model_are_shown_together() -> None:
    refused = Checked(
        submission=None, problems=(Problem(field="model", message="no licence"),), warnings=WARNED.warnings
    )
    shown = text.field_html(refused, "model")
    assert shown.index("no licence") < shown.index("not load")


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "FINISHED", "FAILED"])
def test_a_known_submission_is_answered_with_a_link_to_its_page(state: str) -> None:
    known = QueueEntry.model_validate({"submission": WANTED, "state": state, "updated_at": WANTED.submitted_at})
    link = f'<a href="runs/{WANTED.key}">'
    assert link in text.verdict_html(Checked(submission=WANTED, duplicate=known))
    problem = Problem(field="model", message=f"already there: /runs/{WANTED.key}")
    assert link in text.problem_html([problem], "model")


@pytest.mark.parametrize("suite", evaluable_suites(), ids=lambda suite: suite.name)
def test_the_form_says_what_a_suite_asks_and_needs(suite) -> None:
    told = text.suite_html(suite.name)
    assert escape(suite.about[:40]) in told
    assert ("Needs" in told) == (suite.needs_head or suite.needs_reference or suite.needs_chat)
