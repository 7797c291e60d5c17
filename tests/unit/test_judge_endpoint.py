"""The judge's endpoint fails in every way; every call is answered once, paid once, and the key goes nowhere else."""

import json
import logging
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval_queue.judging.asking import Answers, ask_all, costs
from eval_queue.judging.config import JudgeConfig, judge_of
from eval_queue.judging.endpoint import EndpointJudge
from eval_queue.judging.judge import JudgeReply, JudgeRequest, RefusedCall, ScriptedJudge
from eval_queue.judging.loops import in_own_loop
from eval_queue.judging.verdict_log import VerdictLog
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.settings import read_settings
from tests.stub_judge import FAULTS, StubJudge, rate_by_length

KEY = "sk-a-very-secret-key-of-the-judge"
SCHEMA = {"type": "object", "properties": {"rating": {"type": "integer"}}}


def requests(n: int, schema: dict[str, object] | None = None) -> list[JudgeRequest]:
    return [
        JudgeRequest(model="m", system="s", user=f"call {i}", schema=schema, max_tokens=50) for i in range(n)
    ]  # fmt: skip


def config(url: str, **changes: object) -> JudgeConfig:
    values = {"model": "m", "url": url, "key": KEY, "timeout_seconds": 0.5, "first_wait_seconds": 0.01}
    return JudgeConfig.model_validate(values | {"longest_wait_seconds": 0.05} | changes)


def ask(wanted: list[JudgeRequest], chosen: JudgeConfig, path: Path) -> Answers:
    async def go() -> Answers:
        with VerdictLog(path) as log:
            async with EndpointJudge(chosen) as judge:
                return await ask_all(wanted, judge, log, concurrency=chosen.concurrency)

    return in_own_loop(go())


def test_every_call_is_answered_once_through_all_kinds_of_failure(tmp_path):
    faults = iter([fault for fault in FAULTS for _ in range(3)])
    with StubJudge(faults=faults) as stub:
        answers = ask(requests(60), config(stub.url), tmp_path / "log.jsonl")
    assert len(answers.replies) == answers.n_made == 60
    assert len(stub.seen) == 60 + 3 * len(FAULTS)
    assert set(stub.answered.values()) == {1}
    assert len(stub.answered) == 60


def test_calls_needed_are_calls_made_and_a_second_run_makes_none(tmp_path):
    with StubJudge() as stub:
        twice = requests(30) + requests(40)
        assert ask(twice, config(stub.url), tmp_path / "log.jsonl").n_made == 40 == len(stub.seen)
        again = ask(twice, config(stub.url), tmp_path / "log.jsonl")
        assert (again.n_made, len(again.replies), len(stub.seen)) == (0, 40, 40)


def test_no_more_calls_are_under_way_than_configured(tmp_path):
    with StubJudge(latency=0.01) as stub:
        ask(requests(40), config(stub.url, concurrency=5), tmp_path / "log.jsonl")
        assert stub.busiest == 5


@pytest.mark.parametrize("after", ["0.3", "date"])
def test_the_endpoint_says_how_long_to_wait(tmp_path, after):
    if after == "date":  # whole seconds: two ahead is at least one
        after = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    with StubJudge(faults=iter(["429"]), retry_after=after) as stub:
        started = time.monotonic()
        ask(requests(1), config(stub.url, longest_wait_seconds=0.3), tmp_path / "log.jsonl")
        assert 0.3 <= time.monotonic() - started < 2
        assert len(stub.seen) == 2


def test_a_judge_that_stays_down_is_a_failure_that_a_retry_may_mend_and_keeps_what_was_paid(tmp_path):
    faults = iter([""] * 5 + ["500"] * 100)
    with StubJudge(faults=faults) as stub:
        with pytest.raises(TransientFailure, match="status 500, 3 times in a row"):
            ask(requests(20), config(stub.url, max_attempts=3, concurrency=2), tmp_path / "log.jsonl")
        with VerdictLog(tmp_path / "log.jsonl") as log:
            assert len(log) == 5


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_wrong_settings_end_the_judging_at_once_and_say_which(tmp_path, status):
    with StubJudge(faults=cycle([status])) as stub:
        with pytest.raises(PermanentFailure, match=f"status {status}.*LEADERBOARD_JUDGE_KEY"):
            ask(requests(50), config(stub.url, concurrency=2), tmp_path / "log.jsonl")
        assert len(stub.seen) <= 2


def test_one_refused_call_leaves_the_others(tmp_path):
    with StubJudge(faults=iter(["413"])) as stub:
        answers = ask(requests(10), config(stub.url, concurrency=1), tmp_path / "log.jsonl")
    assert list(answers.refused.values()) == ["the judge refused the call with status 413"]
    assert len(answers.replies) == 9


def test_an_endpoint_without_schemas_is_asked_without_from_then_on(tmp_path):
    with StubJudge(faults=iter(["400"])) as stub:
        answers = ask(requests(5, SCHEMA), config(stub.url, concurrency=1), tmp_path / "log.jsonl")
    assert ["response_format" in body for body in stub.seen] == [True] + [False] * 5
    assert len(answers.replies) == 5


def test_an_endpoint_that_drips_for_ever_is_left_at_the_time_limit(tmp_path):
    with StubJudge(faults=cycle(["hang"])) as stub:
        started = time.monotonic()
        with pytest.raises(TransientFailure, match=r"no reply within 0\.2 s, 2 times"):
            ask(requests(1), config(stub.url, timeout_seconds=0.2, max_attempts=2), tmp_path / "log.jsonl")
        assert time.monotonic() - started < 3


def test_the_key_goes_to_the_endpoint_and_nowhere_else_even_if_it_is_sent_back(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with StubJudge(lambda _: f"your key is {KEY} [[7]]", faults=iter(["500", "malformed"])) as stub:
        chosen = config(stub.url)
        answers = ask(requests(3), chosen, tmp_path / "log.jsonl")
        assert stub.authorization == {f"bearer {KEY}"}
    assert [reply.text for reply in answers.replies.values()] == ["your key is [redacted] [[7]]"] * 3
    assert KEY not in (tmp_path / "log.jsonl").read_text() + repr(chosen) + caplog.text


def test_tokens_and_costs_are_summed(tmp_path):
    with StubJudge() as stub:
        chosen = config(stub.url, price_in=2.5, price_out=10)
        answers = ask(requests(4), chosen, tmp_path / "log.jsonl")
    assert costs(answers, chosen) == {  # 400 x 2.5 / 1e6 + 40 x 10 / 1e6
        "judge_calls": "4", "judge_prompt_tokens": "400", "judge_completion_tokens": "40", "judge_cost": "0.001400",
    }  # fmt: skip
    unknown = Answers(replies={"a": JudgeReply(text="x")})
    assert costs(unknown, chosen) == {"judge_calls": "1"}


def test_a_torn_or_damaged_line_costs_only_its_own_call(tmp_path):
    path = tmp_path / "log.jsonl"
    with StubJudge() as stub:
        ask(requests(5), config(stub.url), path)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:2], b'{"key": "x"}\n', lines[3], lines[4][:30]]))
        assert ask(requests(5), config(stub.url), path).n_made == 2
        assert all(json.loads(line) for line in path.read_text().splitlines())


def test_two_processes_do_not_judge_into_one_log(tmp_path):
    with VerdictLog(tmp_path / "log.jsonl"), pytest.raises(TransientFailure, match="Another process"):
        VerdictLog(tmp_path / "log.jsonl").__enter__()


@given(st.sampled_from(["model", "system", "user", "max_tokens", "temperature", "schema"]))
def test_the_key_of_a_request_names_all_of_it(field):
    other: dict[str, object] = {"max_tokens": 51, "temperature": 0.5, "schema": SCHEMA}
    one = requests(1)[0]
    changed = JudgeRequest(**{**vars(one), field: other.get(field, "changed")})  # type: ignore[arg-type]
    assert one.key == requests(1)[0].key != changed.key


def test_a_refusal_of_every_call_leaves_no_reply(tmp_path):
    class Refusing(ScriptedJudge):
        async def ask(self, request: JudgeRequest) -> JudgeReply:
            raise RefusedCall("too long")

    async def go() -> Answers:
        with VerdictLog(tmp_path / "log.jsonl") as log:
            return await ask_all(requests(3), Refusing(lambda _: ""), log, concurrency=2)

    assert Counter(in_own_loop(go()).refused.values()) == {"too long": 3}


def test_the_judge_is_made_of_settings_alone():
    on = {"LEADERBOARD_JUDGE_MODEL": "m", "LEADERBOARD_JUDGE_URL": "http://x/v1", "LEADERBOARD_JUDGE_KEY": KEY}
    assert judge_of(read_settings({})) is None
    made = judge_of(read_settings(on))
    assert made is not None
    assert (made.model, made.url, made.key) == ("m", "http://x/v1", KEY)
    for half in ("LEADERBOARD_JUDGE_MODEL", "LEADERBOARD_JUDGE_URL"):
        with pytest.raises(ValueError, match="belong together"):
            read_settings({half: on[half]})
    with pytest.raises(ValueError, match="LEADERBOARD_JUDGE_URL"):
        read_settings(on | {"LEADERBOARD_JUDGE_URL": "file:///etc/passwd"})


def test_the_stub_speaks_the_protocol_it_stands_for():
    body = {"messages": [{"content": 'tag: "abc"; rating'}]}
    assert json.loads(rate_by_length(body))["tag"] == "abc"
