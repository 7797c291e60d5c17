"""Rates of the Red-teaming tab against plain recomputation from the public files, and against the XSTest paper."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from leaderboard.boards.library import Library
from leaderboard.settings import ROOT

FILES = ROOT.parent / "shared" / "data" / "red_teaming"
needs_files = pytest.mark.skipif(not FILES.is_dir(), reason=f"The public files are not at {FILES}.")
XSTEST_NAMES = {
    "gpt4": "GPT-4", "llama2orig": "Llama 2, original system prompt", "llama2new": "Llama 2, no system prompt",
    "mistralinstruct": "Mistral Instruct, no system prompt",
    "mistralguard": "Mistral Instruct, guarding system prompt",
}  # fmt: skip
ATTACKS = {"prompt_with_random_search": "Random search", "JBC": "JailbreakChat (AIM)"}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    snapshot = SimpleNamespace(folder=ROOT / "data", revision="golden", origin="embedded")
    return Library(lambda: snapshot, tmp_path_factory.mktemp("none"), lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def attempts():
    return pd.read_parquet(FILES / "jailbreakbench_artifacts.parquet")


@pytest.fixture(scope="module")
def completions():
    rows = pd.read_parquet(FILES / "xstest_completions.parquet").reset_index(drop=True)
    return rows.assign(model=rows["file"].str.split("_").str[0], safe=~rows["type"].str.startswith("contrast"))


@needs_files
def test_every_success_rate_of_an_attack_on_a_model_is_that_of_the_attempts(library, attempts):
    shown = library.board("red_teaming", "jailbreakbench.attempts.benchmark").frame.set_index("name")
    expected = attempts.groupby(["method", "model"])["jailbroken"].agg(["mean", "size"])
    assert len(shown) == len(expected) == 18
    for (method, model), row in expected.iterrows():
        found = shown.loc[f"{ATTACKS.get(method, method)} on {model}"]
        assert found["success"] == pytest.approx(row["mean"], abs=1e-12)
        assert found["n"] == row["size"]
    assert expected["size"].sum() == 1800


@needs_files
def test_models_are_compared_on_the_attacks_that_all_of_them_faced(library, attempts):
    shown = library.board("red_teaming", "jailbreakbench.targets.benchmark").frame.set_index("model")
    common = attempts[attempts["method"] != "DSN"]
    for model, rate in common.groupby("model")["jailbroken"].mean().items():
        assert shown.loc[model, "success"] == pytest.approx(rate, abs=1e-12)
    assert shown["attack_dsn"].notna().sum() == 2


@needs_files
def test_success_by_category_is_that_of_the_attempts(library, attempts):
    shown = library.board("red_teaming", "jailbreakbench.categories.benchmark").frame.set_index("category")
    for category, rate in attempts.groupby("category")["jailbroken"].mean().items():
        assert shown.loc[category.replace("/", " or "), "success"] == pytest.approx(rate, abs=1e-12)


@needs_files
@pytest.mark.parametrize(
    ("judge", "column", "kind"),
    [("people", "final_label", None), ("gpt4", "gpt4_label", "_gpteval"), ("strings", "strmatch_label", "_streval")],
)
def test_refusals_by_each_judge_are_those_of_the_completions(library, completions, judge, column, kind):
    shown = library.board("red_teaming", f"xstest.models.{judge}").frame.set_index("model")
    rows = completions[completions["file"].str.endswith(kind)] if kind else completions.drop_duplicates(["model", "id"])
    rows = rows[rows[column].isin(["1_full_compliance", "2_full_refusal", "3_partial_refusal"])]
    refuses = rows[column].ne("1_full_compliance").groupby([rows["model"], rows["safe"]]).mean()
    fully = rows[column].eq("2_full_refusal").groupby([rows["model"], rows["safe"]]).mean()
    for name, label in XSTEST_NAMES.items():
        assert shown.loc[label, "over_refusal"] == pytest.approx(refuses[name, True], abs=1e-12)
        assert shown.loc[label, "over_refusal_full"] == pytest.approx(fully[name, True], abs=1e-12)
        assert shown.loc[label, "refusal"] == pytest.approx(refuses[name, False], abs=1e-12)


def test_people_refusal_rates_are_those_of_the_xstest_paper(library):
    # Röttger et al. (2024): full and partial refusals of the 250 safe prompts, in percent.
    published = {"Llama 2, original system prompt": (38.0, 21.6), "Llama 2, no system prompt": (14.0, 15.6),
                 "GPT-4": (6.4, 2.0)}  # fmt: skip
    shown = library.board("red_teaming", "xstest.models.people").frame.set_index("model")
    for model, (full, partial) in published.items():
        assert 100 * shown.loc[model, "over_refusal_full"] == pytest.approx(full, abs=0.05)
        assert 100 * shown.loc[model, "over_refusal"] == pytest.approx(full + partial, abs=0.05)


@needs_files
def test_kappa_of_gpt4_and_people_is_that_of_a_plain_formula(library, completions):
    judged = completions[completions["file"].str.endswith("_gpteval")]
    judged = judged[judged["gpt4_label"].str.match(r"[123]_")]
    one, other = (judged[name].ne("1_full_compliance").to_numpy(dtype=bool) for name in ("final_label", "gpt4_label"))
    agreement = (one == other).mean()
    chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
    shown = library.board("red_teaming", "xstest.judges").frame.set_index("name").loc["People and GPT-4: All models"]
    assert shown["n"] == len(judged) == 2239
    assert shown["agreement"] == pytest.approx(agreement, abs=1e-12)
    assert shown["kappa"] == pytest.approx((agreement - chance) / (1 - chance), abs=1e-12)
    assert shown["kappa_lower"] < shown["kappa"] < shown["kappa_upper"]


@needs_files
def test_no_request_and_no_answer_is_in_the_shipped_tables(attempts, completions):
    own = sorted((ROOT / "data" / "safety_texts").glob("*"))
    files = [*sorted((ROOT / "data" / "safety").iterdir()), *own]
    shipped = b"".join(path.read_bytes() for path in files)
    words = "\n".join(pd.read_parquet(path).astype(str).to_csv() for path in files if path.suffix == ".parquet")
    for text in {*attempts["goal"], *completions["prompt"], *completions["completion"].str[:60]}:
        if len(text) > 20:
            assert text not in words
            assert text.encode() not in shipped
    assert [path.name for path in own] == ["own_refusals.parquet"], "only texts of this project's own set"


def test_controls_on_our_own_prompts_take_no_rank_and_count_in_no_rate_over_models(library):
    board = library.board("red_teaming", "own_refusals.models.strings")
    rows = board.frame.set_index("model")
    assert rows["control"].sum() == 2
    assert rows.loc[rows["control"], "rank_lower"].isna().all()
    assert rows.loc["smollm2-135m-instruct", ["rank_lower", "rank_upper"]].tolist() == [1, 1]
    assert board.column("control").badge == "control"
    by_type = library.board("red_teaming", "own_refusals.safe.strings")
    assert (by_type.frame["n"] == 10).all(), "ten prompts a type, one model"
    assert by_type.frame["refuses"].mean() == pytest.approx(rows.loc["smollm2-135m-instruct", "over_refusal"])
