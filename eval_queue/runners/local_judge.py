"""Verdicts of a model that is too small to write JSON: the likeliest of the allowed values.

Enters: messages and the JSON schema of a verdict. Leaves: JSON that fits the schema, always. For a property with a
closed set of values (enum, or integers from minimum to maximum) the model is given its chat prompt and the beginning
`{"name": `, and every allowed value, together with the character that ends it, is scored by its log-probability; the
largest wins. So "10" competes fairly with "1", and no value is out of reach. Text properties are not
written by the model: one that the last line of the last message spells out (`tag: "..."`) is copied from there, any
other says how the verdict was made and how probable the values were. A schema that needs anything else is refused.
"""

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from eval_queue.judging.judge import JudgeReply, JudgeRequest, RefusedCall
from eval_queue.runners.causal_model import first_line
from leaderboard.errors import ModelAtFault

Messages = Sequence[Mapping[str, str]]
MOST_VALUES = 100
"""Allowed values of one property that are scored at most."""

TRIAL = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."
"""Scored in parts and as a whole when a model is loaded."""

ABOUT = "No reasons: the likeliest of the allowed values by this model's probabilities"


class NotServed(Exception):
    """A call that this judge does not serve, with the reason for the caller."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What came out and what it cost; `cut` when it ended at the limit of tokens.

    `probabilities` are those of the allowed values by property, where values were chosen.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    cut: bool = False
    probabilities: Mapping[str, Mapping[Any, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Probabilities of the allowed values, in 0..1 with sum 1, in the schema's order."""

    probabilities: Mapping[Any, float]
    prompt_tokens: int
    scored_tokens: int

    @property
    def best(self) -> Any:
        """The likeliest value; of equal ones the first."""
        return max(self.probabilities, key=lambda value: self.probabilities[value])


class LocalJudge:
    """A loaded causal model that scores values and writes text, greedily and deterministically.

    It is a `judging.judge.Judge` as well, for who needs no server.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._context = int(getattr(model.config, "max_position_embeddings", None) or 2048)
        self._goes_on = self._can_go_on()

    async def ask(self, request: JudgeRequest) -> JudgeReply:
        """See `Judge.ask`: with a schema its values are chosen and come with their probabilities, else text is written.

        Raises RefusedCall for a request that does not fit the model.
        """
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
        started = time.monotonic()
        try:
            done = (
                self.complete(messages, request.max_tokens)
                if request.schema is None
                else self.fill(messages, request.schema)
            )
        except NotServed as error:
            raise RefusedCall(str(error)) from error
        return JudgeReply(
            text=done.text, cut_off=done.cut, prompt_tokens=done.prompt_tokens,
            completion_tokens=done.completion_tokens, seconds=time.monotonic() - started, served_by=self.name,
            probabilities={name: {str(value): share for value, share in shares.items()}
                           for name, shares in done.probabilities.items()},
        )  # fmt: skip

    def complete(self, messages: Messages, max_tokens: int) -> Completion:
        """Write an answer. Raises NotServed when the prompt leaves no room for one."""
        prompt = self._tokens(self._prompt(messages))
        limit = min(max_tokens, self._context - len(prompt))
        if limit < 1:
            raise NotServed(f"The prompt has {len(prompt)} tokens; the model's context is {self._context}.")
        ids = torch.tensor([prompt], device=self._model.device)
        with torch.inference_mode():
            out = self._model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=limit,
                pad_token_id=self._tokenizer.eos_token_id,
            )  # fmt: skip
        new = out[0, len(prompt) :].tolist()
        text = self._tokenizer.decode(new, skip_special_tokens=True).strip()
        ended = bool(new) and new[-1] in self._ends()
        return Completion(text=text, prompt_tokens=len(prompt), completion_tokens=len(new), cut=not ended)

    def fill(self, messages: Messages, schema: Mapping[str, Any]) -> Completion:
        """A JSON object by the schema. Raises NotServed for a schema or a length that is not served."""
        properties = schema.get("properties")
        if schema.get("type") != "object" or not isinstance(properties, Mapping) or not properties:
            raise NotServed("The schema is not that of an object with properties; only those are served.")
        sets = {name: closed_set(name, rule) for name, rule in properties.items()}
        choices = {name: self.choose(messages, name, values) for name, values in sets.items() if values}
        texts = {name: spelt_out(messages, name) or _said(choices) for name, values in sets.items() if not values}
        filled = {name: choices[name].best if name in choices else texts[name] for name in properties}
        return Completion(
            text=json.dumps(filled, ensure_ascii=False),
            prompt_tokens=max((choice.prompt_tokens for choice in choices.values()), default=0),
            completion_tokens=sum(choice.scored_tokens for choice in choices.values()),
            probabilities={name: choice.probabilities for name, choice in choices.items()},
        )

    def choose(self, messages: Messages, name: str, values: Sequence[Any]) -> Choice:
        """Score the allowed values of one property; NotServed when they do not fit into the context."""
        opening = self._prompt(messages) + "{" + json.dumps(name) + ": "
        spelt = [json.dumps(value, ensure_ascii=False) + ("" if isinstance(value, str) else "}") for value in values]
        rows = [self._tokens(opening + text) for text in spelt]
        common = _shared(rows)
        if max(map(len, rows)) > self._context:
            raise NotServed(f"The prompt has {len(rows[0])} tokens; the model's context is {self._context}.")
        texts = rows[0][:common], [row[common:] for row in rows]
        scores = self._score(*texts) if self._goes_on else self._score_whole(*texts)
        top = max(scores)
        weights = [math.exp(score - top) for score in scores]
        probabilities = {value: w / sum(weights) for value, w in zip(values, weights, strict=True)}
        scored = sum(len(row) - common for row in rows)
        return Choice(probabilities=probabilities, prompt_tokens=common, scored_tokens=scored)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _score(self, prompt: list[int], endings: list[list[int]]) -> list[float]:
        """Log-probability of each ending after the prompt; the prompt is read once."""
        place = self._model.device
        start = self._model(torch.tensor([prompt], device=place), use_cache=True, logits_to_keep=1)
        first = torch.log_softmax(start.logits[0, -1].float(), dim=-1)
        longest = max(map(len, endings))
        padded = torch.tensor([ending + [ending[-1]] * (longest - len(ending)) for ending in endings], device=place)
        totals = first[padded[:, 0]]
        if longest > 1:
            cache = start.past_key_values
            cache.batch_repeat_interleave(len(endings))
            after = self._model(padded[:, :-1], past_key_values=cache, use_cache=True).logits.float()
            steps = torch.log_softmax(after, dim=-1).gather(2, padded[:, 1:, None])[:, :, 0]
            there = torch.tensor([[at < len(one) for at in range(1, longest)] for one in endings], device=place)
            totals = totals + (steps * there).sum(dim=1)
        return [float(total) for total in totals]

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _score_whole(self, prompt: list[int], endings: list[list[int]]) -> list[float]:
        """As `_score`, each text read by itself: for models that do not go on from keys and values."""
        totals = []
        for ending in endings:
            row = torch.tensor([[*prompt, *ending]], device=self._model.device)
            logs = torch.log_softmax(self._model(row).logits[0, len(prompt) - 1 : -1].float(), dim=-1)
            totals.append(float(logs.gather(1, row[0, len(prompt) :, None]).sum()))
        return totals

    def _can_go_on(self) -> bool:
        """Whether a text that is read in parts gets the score of the whole one: tried, not told by the model's name."""
        tokens = self._tokens(TRIAL)
        at = len(tokens) // 2
        texts = tokens[:at], [tokens[at : at + 3], tokens[at : at + 1]]
        try:
            parts = self._score(*texts)
        except (TypeError, AttributeError, ValueError, RuntimeError, IndexError, KeyError):
            return False
        whole = self._score_whole(*texts)
        near = 1e-3 if self._model.dtype == torch.float32 else 0.3
        return all(abs(one - other) <= near for one, other in zip(parts, whole, strict=True))

    def _prompt(self, messages: Messages) -> str:
        """The messages through the chat template; where it knows no system's turn, that stands before the user's.

        Raises ModelAtFault when the template fails on them.
        """
        given = [dict(message) for message in messages]
        try:
            return self._templated(given)
        except (jinja2.TemplateError, TypeError, ValueError, KeyError):
            pass
        system = "\n\n".join(each["content"] for each in given if each["role"] == "system")
        turns = [each for each in given if each["role"] != "system"]
        turns[0] = {**turns[0], "content": "\n\n".join(filter(None, (system, turns[0]["content"])))}
        try:
            return self._templated(turns)
        except (jinja2.TemplateError, TypeError, ValueError, KeyError) as error:
            raise ModelAtFault(f"The chat template fails on a question: {first_line(error)}") from error

    def _templated(self, messages: list[dict[str, str]]) -> str:
        return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _ends(self) -> set[int]:
        own = self._model.generation_config.eos_token_id
        return {*(own if isinstance(own, list) else [own]), self._tokenizer.eos_token_id} - {None}


def load_judge(folder: Path, *, name: str, dtype: str = "bfloat16") -> LocalJudge:
    """The model and tokenizer of a folder, in inference mode; nothing is fetched and no code of the folder is run."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
    return LocalJudge(model.eval(), tokenizer, name)


def closed_set(name: str, rule: Mapping[str, Any]) -> tuple[Any, ...]:
    """The allowed values of a property, none for a free text. Raises NotServed for other properties."""
    if "enum" in rule or "const" in rule:
        values = tuple(rule.get("enum", (rule.get("const"),)))
    elif rule.get("type") == "integer" and "minimum" in rule and "maximum" in rule:
        if rule["maximum"] - rule["minimum"] >= MOST_VALUES:
            raise NotServed(f"Property {name!r} has more than {MOST_VALUES} values.")
        values = tuple(range(int(rule["minimum"]), int(rule["maximum"]) + 1))
    elif rule.get("type") == "string":
        return ()
    else:
        raise NotServed(f"Property {name!r} is neither a closed set of values nor a text: {str(dict(rule))[:80]}.")
    if not values or len(values) > MOST_VALUES or not all(isinstance(value, str | int) for value in values):
        raise NotServed(
            f"Property {name!r} allows {len(values)} values; expected 1 to {MOST_VALUES} texts or integers."
        )
    return values


def spelt_out(messages: Messages, name: str) -> str | None:
    """The value that the last line of the last message states for a text property; None when it states none."""
    lines = messages[-1]["content"].rstrip().splitlines()
    found = re.findall(rf'\b{re.escape(name)}: "([^"\\]*)"', lines[-1]) if lines else []
    return str(found[-1]) if found else None


def _said(choices: Mapping[str, Choice]) -> str:
    """The probabilities in words."""
    parts = [
        f"{name} " + ", ".join(f"{value} {share:.1%}" for value, share in choice.probabilities.items())
        for name, choice in choices.items()
    ]
    return f"{ABOUT}: {'; '.join(parts)}."


def _shared(rows: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all rows share, at most one less than the shortest has."""
    shortest = min(map(len, rows)) - 1
    return next((at for at in range(shortest) if len({row[at] for row in rows}) > 1), shortest)
