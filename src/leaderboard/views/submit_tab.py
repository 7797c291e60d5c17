"""The submit form: checks while you fill it in, says all problems at once, gives a receipt that stays."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Protocol

import gradio as gr
from gradio.events import api as gradio_api

from leaderboard.errors import InvalidSubmission, Problem
from leaderboard.records import MODEL_TYPES, PRECISIONS, QueueEntry
from leaderboard.submission_reports import problem_list, report
from leaderboard.submissions import Checked, Draft
from leaderboard.suites import evaluable_suites
from leaderboard.views import text

FORM_FIELDS = tuple(text.FIELDS)
Handler = Callable[..., list[str]]
_SALT = secrets.token_hex(8)


FILL_IN = r"""(model, revision) => {
  const site = "^ *(?:https?://)?(?:www[.])?(?:huggingface[.]co|hf[.]co)";
  const path = "/([\\w.-]+/[\\w.-]+)(?:/(?:tree|commit)/([^/?#%\\s]+))?/?(?:[?#]\\S*)? *$";
  const page = new RegExp(site + path).exec(model || "");
  if (!page) return [model, revision];
  const usual = ["", "main"].includes((revision || "").trim());
  return [page[1], page[2] && usual ? page[2] : revision];
}"""
"""The address of a model's page, pasted as the model: id and revision go where they belong, as `split_page` does."""


class Desk(Protocol):
    """Where submissions are handed in; injected, so that the views know no queue."""

    def check(self, draft: Draft) -> Checked:
        """Everything that would be refused, without changing anything."""
        ...

    def accept(self, checked: Checked) -> QueueEntry:
        """Queue what `check` found acceptable. Raises InvalidSubmission with every problem."""
        ...

    def retry(self, key: str) -> QueueEntry:
        """Put a failed submission back. Raises UnknownSubmission or NotRetryable."""
        ...

    def get(self, key: str) -> QueueEntry | None:
        """The entry with that key, or None."""
        ...


def sender_of(request: gr.Request | None) -> str:
    """The signed-in user, or a name that is the same for one visitor while the server runs and says nothing else."""
    if request is None:
        return "anonymous"
    if request.username:
        return str(request.username)
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    host = forwarded or (request.client.host if request.client else "")
    return "visitor-" + hashlib.sha256(f"{_SALT}{host}".encode()).hexdigest()[:8]


class _Form:
    """The components of the form; `fields` and `slots` (their problems) in the order of FORM_FIELDS."""

    def __init__(self) -> None:
        with gr.Row():
            with gr.Column(scale=3):
                self.model = gr.Textbox(label="Model id", placeholder="org/name, or local/folder", max_length=300)
                model_problem = _slot()
            with gr.Column(scale=1):
                self.revision = gr.Textbox(label="Revision (branch, tag or commit)", value="main", max_length=200)
                revision_problem = _slot()
        with gr.Row():
            suites = [(suite.title, suite.name) for suite in evaluable_suites()]
            self.suite, suite_problem = _choice("Suite", suites, suites[0][1])
            self.precision, precision_problem = _choice("Precision", [(name, name) for name in PRECISIONS], "bfloat16")
            self.model_type, type_problem = _choice("Type", [(name, name) for name in MODEL_TYPES], "unknown")
        self.about = gr.HTML(text.suite_html(suites[0][1]), apply_default_css=False, elem_id="submit-suite")
        self.chat_template = gr.Checkbox(label="Put questions through the model's chat template", value=False)
        chat_problem = _slot()
        with gr.Row():
            self.check = gr.Button("Check only", scale=0, min_width=140)
            self.submit = gr.Button("Submit", variant="primary", scale=0, min_width=140)
        self.verdict = gr.HTML("", apply_default_css=False, elem_id="submit-verdict")
        self.fields = [self.model, self.revision, self.precision, self.suite, self.chat_template, self.model_type]
        self.slots = [model_problem, revision_problem, precision_problem, suite_problem, chat_problem, type_problem]


LEAD = "Submit a model id. It is checked at once, pinned to a commit, and waits in the queue until it is evaluated."


def build(desk: Desk) -> None:
    """The form inside the current tab."""
    gr.HTML(f'<p class="lb-lead">{LEAD}</p>', apply_default_css=False)
    form = _Form()

    def on_check(*values: Any, request: gr.Request) -> list[str]:
        return _show(desk.check(_draft(values, request)))

    def on_submit(*values: Any, request: gr.Request) -> list[str]:
        try:
            checked = desk.check(_draft(values, request))
            if checked.known:
                return _show(checked)
            entry = desk.accept(checked)
        except InvalidSubmission as error:
            return _show_problems(error.problems)
        return [*("" for _ in form.slots), text.receipt_html(entry, checked.warnings)]

    def on_edit(*values: Any, request: gr.Request) -> list[str]:
        """What stands beside the fields only: a verdict or receipt is not overwritten by a check that ends later."""
        empty = not str(values[0] or "").strip()
        return [""] * len(form.slots) if empty else on_check(*values, request=request)[:-1]

    _connect(form, _positional(on_check), _positional(on_submit), _positional(on_edit))


def _connect(form: _Form, check: Handler, submit: Handler, edit: Handler) -> None:
    outputs = [*form.slots, form.verdict]
    choices = [form.precision.change, form.suite.change, form.chat_template.change]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    form.check.click(check, form.fields, outputs, api_visibility="private")
    gr.on([form.submit.click, form.model.submit], submit, form.fields, outputs, api_visibility="private")
    edits = [form.model.blur, form.revision.blur, *choices]
    gr.on(edits, edit, form.fields, form.slots, trigger_mode="always_last", **quiet)
    form.suite.change(text.suite_html, form.suite, form.about, **quiet)
    page = [form.model, form.revision]
    gr.on([form.model.blur], None, page, page, js=FILL_IN, **quiet)
    # `input`, not `change`: what FILL_IN writes must not clear a receipt that just came.
    cleared_by = [form.model.input, form.revision.input, *choices]
    gr.on(cleared_by, None, None, form.verdict, js="() => ''", **quiet)


def _choice(label: str, choices: list[tuple[str, str]], value: str) -> tuple[gr.Dropdown, gr.HTML]:
    with gr.Column():
        return gr.Dropdown(choices, value=value, label=label), _slot()


def add_api(desk: Desk) -> None:
    """The same submission for programs: `gradio_client` names /check, /submit, /retry and /status."""

    def check(
        model: str, revision: str = "main", precision: str = "bfloat16", suite: str = "core",
        chat_template: bool = False, model_type: str = "unknown", request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:  # fmt: skip
        """Everything that would be refused about a submission, without submitting it."""
        checked = desk.check(_draft((model, revision, precision, suite, chat_template, model_type), request))
        return report(checked)

    def submit(
        model: str, revision: str = "main", precision: str = "bfloat16", suite: str = "core",
        chat_template: bool = False, model_type: str = "unknown", request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:  # fmt: skip
        """Submit a model; its key and position, or every problem."""
        try:
            checked = desk.check(_draft((model, revision, precision, suite, chat_template, model_type), request))
            entry = desk.accept(checked)
        except InvalidSubmission as error:
            return {"accepted": False, "problems": problem_list(error.problems)}
        return {"accepted": True, "warnings": list(checked.warnings), **_entry(entry)}

    def status(key: str) -> dict[str, Any]:
        """State, progress and reason of one submission; state is null for an unknown key."""
        entry = desk.get(str(key))
        return _entry(entry) if entry else {"key": str(key)[:80], "state": None}

    def retry(key: str) -> dict[str, Any]:
        """Put a failed submission back into the queue."""
        return _entry(desk.retry(str(key)))

    for function in (check, submit, status, retry):
        gradio_api(function, api_name=function.__name__)


def _positional(function: Handler) -> Handler:
    """Gradio finds the request by the annotation of a named argument; it cannot see one behind *values."""

    def call(
        model: Any, revision: Any, precision: Any, suite: Any, chat_template: Any, model_type: Any, request: gr.Request
    ) -> list[str]:
        return function(model, revision, precision, suite, chat_template, model_type, request=request)

    return call


def _slot() -> gr.HTML:
    return gr.HTML("", apply_default_css=False, elem_classes=["lb-slot"])


def _draft(values: tuple[Any, ...], request: gr.Request | None) -> Draft:
    return Draft(**dict(zip(FORM_FIELDS, values, strict=True)), sender=sender_of(request))


def _show(checked: Checked) -> list[str]:
    by_field = [text.field_html(checked, field) for field in FORM_FIELDS]
    return [*by_field, text.verdict_html(checked) + text.problem_html(checked.problems, None)]


def _show_problems(problems: tuple[Problem, ...]) -> list[str]:
    return _show(Checked(submission=None, problems=problems))


def _entry(entry: QueueEntry) -> dict[str, Any]:
    return {"key": entry.key, **entry.model_dump(mode="json", exclude={"submission"}), "model": entry.submission.model,
            "revision": entry.submission.revision}  # fmt: skip
