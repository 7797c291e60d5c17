"""The Reward models tab on scripted scores: ties, controls, charts, pairs, imports."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.boards.choosing import place, steps
from leaderboard.boards.export import shown_frame
from leaderboard.boards.filters import parse
from leaderboard.boards.library import Library
from leaderboard.boards.reading import Option
from leaderboard.boards.reward_pairs import TIES
from leaderboard.errors import BadRecord, InvalidQuery
from leaderboard.metrics.reward_margins import LENGTHS, calibration, calibration_error, length_group, margin_shares
from leaderboard.plots import to_json
from leaderboard.ratings.proportions import bounds_of_mean, wilson
from leaderboard.sources.importing import import_files
from leaderboard.sources.reward_files import read_pairs
from leaderboard.sources.reward_tables import read_pair_texts, read_rewards, write_rewards
from tests.reward_scores import MODELS, SETS, card, scores, texts

NOW = datetime(2026, 11, 23, tzinfo=UTC)
VIEW = "scripted.wrong"


@pytest.fixture
def store(tmp_path):
    write_rewards(tmp_path / "data", card(), scores())
    return tmp_path / "data"


@pytest.fixture
def library(store, tmp_path):
    snapshot = SimpleNamespace(folder=store, revision=str(tmp_path), origin="a test")
    return Library(lambda: snapshot, tmp_path / "none", lambda: datetime.now(UTC))


@pytest.mark.parametrize("ties", TIES)
def test_accuracy_under_every_rule_is_a_plain_recount(library, ties):
    rows = library.board("reward_models", f"scripted.{ties}").frame.set_index("model")
    for model in MODELS:
        own = scores()[lambda frame, model=model: frame["model"] == model]
        means = []
        for name in SETS:
            part = own[own["set"] == name].dropna(subset=["score_chosen"])
            won, tied = (
                (part["score_chosen"] > part["score_rejected"]).sum(),
                (part["score_chosen"] == part["score_rejected"]).sum(),
            )
            n = len(part)
            means.append({"wrong": won / n, "half": (won + tied / 2) / n, "dropped": won / (n - tied)}[ties])
            assert rows.loc[model, f"set_{name}"] == pytest.approx(means[-1], abs=1e-12)
            assert rows.loc[model, f"set_{name}_lower"] < means[-1] < rows.loc[model, f"set_{name}_upper"]
        assert rows.loc[model, "average"] == pytest.approx(np.mean(means), abs=1e-12)
        assert rows.loc[model, "average_lower"] < rows.loc[model, "average"] < rows.loc[model, "average_upper"]
    assert rows.loc["org/weak", "n_ties"] == 10
    assert rows.loc["org/good", ["n", "n_missing"]].tolist() == [99, 1]


def test_controls_take_no_rank_and_random_is_exactly_one_half(library):
    rows = library.board("reward_models", VIEW).frame.set_index("model")
    assert rows.loc[["Pick the longer", "Random"], "control"].all()
    assert rows.loc[["Pick the longer", "Random"], ["rank_lower", "rank_upper"]].isna().all(axis=None)
    assert rows.loc["Random", "average"] == 0.5
    pairs = pd.concat([texts("alpha")])
    longer = (pairs["chosen"].str.len() > pairs["rejected"].str.len()).mean()
    assert rows.loc["Pick the longer", "set_alpha"] == pytest.approx(longer, abs=1e-12)
    assert rows.loc["org/good", "rank_lower"] == 1


def test_a_model_that_missed_a_set_has_no_average_and_no_rank(store, library):
    frame = scores()
    write_rewards(store, card(), frame[~((frame["model"] == "org/weak") & (frame["set"] == "beta"))])
    snapshot = SimpleNamespace(folder=store, revision="later", origin="a test")
    later = Library(lambda: snapshot, store / "none", lambda: datetime.now(UTC))
    row = later.board("reward_models", VIEW).frame.set_index("model").loc["org/weak"]
    assert np.isnan(row["average"])
    assert np.isnan(row["rank_lower"])
    assert 0 < row["set_alpha"] < 1


def test_every_chart_can_be_drawn_and_the_rule_is_named(library):
    for ties, (_, label, _) in TIES.items():
        charts = library.charts("reward_models", f"scripted.{ties}")
        assert [chart.name for chart in charts] == ["accuracies", "margins", "calibration", "by_length"]
        assert to_json(charts)
        view = next(view for view in library.views("reward_models") if view.value == f"scripted.{ties}")
        assert view.path[-1] == label
    margins = library.charts("reward_models", VIEW)[1].frame
    assert margins.groupby("group")["value"].sum().tolist() == pytest.approx([100, 100])


def test_a_pair_shows_both_scores_and_says_how_to_get_its_texts(library):
    shown = library.reading("reward_models", VIEW, {"model": "org/good 0123456789ab float32"})
    assert "leaderboard import reward-pairs FILE --to DATA --name alpha" in shown.origin
    assert [part.key for part in shown.parts] == ["scores"]
    first = scores().iloc[0]
    assert dict(shown.parts[0].facts)["Preferred by people"] == f"{first['score_chosen']:.3f}"
    assert (shown.at, shown.of) == (1, 60)


def test_imported_texts_stand_beside_their_scores_whatever_their_order(store, library, tmp_path):
    texts("alpha").sample(frac=1, random_state=1).drop(columns="pair").to_csv(tmp_path / "alpha.csv", index=False)
    report = import_files("reward-pairs", tmp_path / "alpha.csv", store, name="alpha", now=NOW)
    assert report.n_rows == 60
    own = texts("alpha").set_index("pair")
    selection = {}
    for _ in range(5):
        shown = library.reading("reward_models", VIEW, selection)
        parts = {part.key: part for part in shown.parts}
        pair = next(item.value for item in shown.choices if item.name == "pair")
        assert [parts[key].text for key in ("prompt", "chosen", "rejected")] == own.loc[pair].tolist()
        assert (parts["chosen"].side, parts["rejected"].side) == ("a", "b")
        selection = shown.steps["Next pair"]


def test_texts_of_a_harmful_set_are_withheld_until_asked_for(store, tmp_path):
    write_rewards(store, card(harmful=True), scores())
    texts("alpha").to_csv(tmp_path / "alpha.csv", index=False)
    import_files("reward-pairs", tmp_path / "alpha.csv", store, name="alpha", now=NOW)
    snapshot = SimpleNamespace(folder=store, revision="harmful", origin="a test")
    shelf = Library(lambda: snapshot, tmp_path / "none", lambda: datetime.now(UTC))
    closed = shelf.reading("reward_models", VIEW, {})
    assert [part.key for part in closed.parts if part.withheld] == ["prompt", "chosen", "rejected"]
    assert not any(part.text for part in closed.parts)
    opened = shelf.reading("reward_models", VIEW, {"show": "prompt,rejected"})
    assert [part.key for part in opened.parts if part.text] == ["prompt", "rejected"]


def test_next_miss_leads_to_misses_only_and_the_widest_comes_first(library):
    selection = library.reading("reward_models", VIEW, {}).steps["Next miss"]
    shown = library.reading("reward_models", VIEW, selection)
    assert shown.parts[0].mark == "miss"
    missed = scores()[lambda frame: (frame["model"] == "org/good") & (frame["set"] == "alpha")]
    margin = missed["score_chosen"] - missed["score_rejected"]
    widest = library.reading("reward_models", VIEW, {"outcome": "miss", "order": "wide"})
    assert widest.of == (margin < 0).sum()
    assert dict(widest.parts[0].facts)["Margin"] == f"{margin.min():+.3f}"


def test_wrong_choices_are_refused_and_an_empty_filter_says_so(library):
    assert "No pair" in library.reading("reward_models", VIEW, {"outcome": "tie"}).empty
    for name in ("model", "set", "pair", "outcome", "order"):
        with pytest.raises(InvalidQuery, match="nothing-like-that"):
            library.reading("reward_models", VIEW, {name: "nothing-like-that"})


def test_a_reward_table_refuses_unknown_sets_and_copies(store):
    frame = scores()
    with pytest.raises(BadRecord, match="set is 'gamma'; expected a set of the card: alpha, beta"):
        write_rewards(store, card(), frame.assign(set="gamma"))
    with pytest.raises(BadRecord, match="one row for each"):
        write_rewards(store, card(), pd.concat([frame, frame.head(1)]))
    with pytest.raises(BadRecord, match="finite"):
        write_rewards(store, card(), frame.assign(score_chosen=float("inf")))
    assert len(read_rewards(store, "scripted")[1]) == 200


LAYOUTS = {
    "dialogues": pd.DataFrame({"chosen": ["\n\nHuman: hi\n\nAssistant: good one"],
                               "rejected": ["\n\nHuman: hi\n\nAssistant: bad one"]}),
    "scored": pd.DataFrame({"text_a": ["\n\nHuman: hi\n\nAssistant: bad one"],
                            "text_b": ["\n\nHuman: hi\n\nAssistant: good one"], "score_a": [0.0], "score_b": [1.0]}),
    "labelled": pd.DataFrame({"input": ["hi"], "output_1": ["bad one"], "output_2": ["good one"], "label": [2]}),
    "annotated": pd.DataFrame({"instruction": ["hi"] * 2, "input": [""] * 2, "response1": ["good one"] * 2,
                               "response2": ["bad one"] * 2, "a1": [1, 1], "a2": [1, 2], "a3": [2, 0]}),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_better_answer_first(tmp_path, layout):
    path = tmp_path / "pairs.parquet"
    LAYOUTS[layout].to_parquet(path)
    found = read_pairs(path)
    assert found.pairs[["chosen", "rejected"]].to_numpy().tolist() == [["good one", "bad one"]]
    assert "hi" in found.pairs["prompt"].iloc[0]
    assert found.undecided == (1 if layout == "annotated" else 0)


def test_a_file_of_another_kind_is_refused_with_what_was_expected(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadRecord, match="chosen, rejected"):
        read_pairs(path)
    assert read_pair_texts(tmp_path, "alpha") is None


@given(st.lists(st.floats(-50, 50), max_size=60))
def test_calibration_bins_hold_every_pair_and_the_error_is_a_share(margins):
    table = calibration(margins)
    assert table["n"].sum() == len(margins)
    assert ((table["lower"] <= table["right"]) & (table["right"] <= table["upper"])).all()
    assert table["claimed"].between(0.5, 1).all()
    assert np.isnan(calibration_error(margins)) if not margins else 0 <= calibration_error(margins) <= 1
    assert margin_shares(margins)["n"].sum() == len(margins)


def test_margins_that_are_log_odds_are_calibrated():
    # Of pairs with margin m the better answer wins with probability 1/(1 + e^-m); 20,000 pairs leave 0.3 % of noise.
    random = np.random.default_rng(0)
    sizes = random.exponential(1.0, 20_000)
    right = random.random(20_000) < 1 / (1 + np.exp(-sizes))
    signed = np.where(right, sizes, -sizes)
    assert calibration_error(signed) < 0.015
    assert calibration_error(4 * signed) > 0.1


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_length_groups_mirror_when_the_answers_change_places(a, b):
    one, other = length_group([a], [b]).iloc[0], length_group([b], [a]).iloc[0]
    # Cuts belong to the upper group, so a ratio exactly on one may mirror to the group next to it.
    exact = a + b > 0 and any(abs(abs(a - b) / (a + b) - cut) < 1e-12 for cut in (0.1, 1 / 3))
    assert abs(LENGTHS.index(one) + LENGTHS.index(other) - 4) <= int(exact)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=5))
def test_a_mean_of_shares_lies_within_its_bounds_and_one_share_keeps_its_own(counts):
    n = np.array([float(total) for _, total in counts])
    share = np.array([min(won, total) / total for won, total in counts])
    lower, upper = wilson(share, n)
    low, high = bounds_of_mean(share[None, :], lower[None, :], upper[None, :])
    assert low[0] - 1e-12 <= share.mean() <= high[0] + 1e-12
    if len(counts) == 1:
        assert (low[0], high[0]) == pytest.approx((lower[0], upper[0]))


@pytest.mark.parametrize(("n", "at", "first", "last"), [(3, 1, 0, 2), (2000, 0, 0, 499), (2000, 1999, 1500, 1999),
                                                       (2000, 1000, 750, 1249)])  # fmt: skip
def test_a_long_set_offers_the_pairs_nearby_and_steps_through_all(n, at, first, last):
    places = [str(number) for number in range(n)]
    here, found = place({"pair": str(at)}, "pair", "Pair", places, lambda number: Option(value=str(number), label="x"))
    assert found == at
    assert (here.options[0].value, here.options[-1].value) == (str(first), str(last))
    onward = steps((), here, places, at, {"Next end": lambda value: value == str(n - 1)})
    assert onward.get("Next pair") == ({"pair": str(at + 1)} if at + 1 < n else None)
    assert onward.get("Next end") == ({"pair": str(n - 1)} if at != n - 1 else None)


def test_controls_are_marked_in_a_download_of_any_columns(library):
    board = library.board("reward_models", VIEW)
    shown = shown_frame(board, parse([("cols", "model,average")], board)).set_index("model")
    assert shown.loc[["Pick the longer", "Random"], "control"].all()
    assert not shown.loc[list(MODELS), "control"].any()
