"""Answers of a model in a chat: both turns of many questions, in batches, each kept as soon as it is there.

Enters: a loaded model, questions, an `AnswerFile`. Leaves: the file with every turn answered.
A batch holds turns of one number, of questions with like long prompts; who is in which batch depends on the questions
alone, and every question draws from a seed of its own. So an interrupted run ends with the same answers, and the
temperature of one category does not touch the others.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

from eval_queue.judging.answers import Answer, AnswerFile
from eval_queue.judging.questions import TEMPERATURES, Question
from leaderboard.errors import ModelAtFault

from .causal_model import first_line, is_memory_error

SEED = 20_231_123
NEW_TOKENS = 1024
"""Longest answer, as in MT-Bench."""

SHORTEST_ROOM = 64
"""Tokens that are always left for an answer; a prompt too long for that loses its beginning."""

Told = Callable[[int], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One turn to answer."""

    question: Question
    turn: int
    tokens: tuple[int, ...]

    @property
    def temperature(self) -> float:
        """As its category has it."""
        return TEMPERATURES[self.question.category]

    @property
    def seed(self) -> int:
        """Of its draws."""
        return SEED + 10 * self.question.question_id + self.turn


def answer_all(
    model: Any, tokenizer: Any, questions: Sequence[Question], kept: AnswerFile, *, batch_size: int,
    told: Told = lambda _: None, n_turns: int = 2, new_tokens: int = NEW_TOKENS,
) -> None:  # fmt: skip
    """Answer whatever `kept` does not hold, turn after turn; `told` hears the number of answers after each batch.

    Raises ModelAtFault when the chat template or the model does not cope with a question.
    """
    ends = _ends(model, tokenizer)
    model.generation_config = GenerationConfig()  # its own penalties and cut-offs are not those of MT-Bench
    done = 0
    for turn in range(1, n_turns + 1):
        asked = [question for question in questions if len(question.turns) >= turn]
        prompts = [_prompt(tokenizer, question, turn, kept) for question in asked]
        for batch in batches(prompts, batch_size):
            if any(kept.get(each.question.question_id, turn) is None for each in batch):
                kept.add(_generate(model, tokenizer, batch, ends, new_tokens))
            done += len(batch)
            told(done)


def batches(prompts: Sequence[Prompt], size: int) -> Iterator[list[Prompt]]:
    """Prompts of like length together, longest first: too little memory shows at once."""
    ordered = sorted(prompts, key=lambda each: (-len(each.tokens), each.question.question_id))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _prompt(tokenizer: Any, question: Question, turn: int, kept: AnswerFile) -> Prompt:
    messages = []
    for number, text in enumerate(question.turns[:turn], 1):
        messages.append({"role": "user", "content": text})
        if number < turn:
            answer = kept.get(question.question_id, number)
            messages.append({"role": "assistant", "content": answer.text if answer else ""})
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
    except (jinja2.TemplateError, ValueError, TypeError, KeyError) as error:
        raise ModelAtFault(
            f"The chat template fails on question {question.question_id}, turn {turn}: {first_line(error)}"
        ) from error
    return Prompt(question=question, turn=turn, tokens=tuple(tokens))


def _generate(
    model: Any, tokenizer: Any, batch: Sequence[Prompt], ends: list[int], new_tokens: int
) -> list[Answer]:  # fmt: skip
    room = _room(model, new_tokens)
    prompts = [list(each.tokens[-room:]) for each in batch]
    longest = max(map(len, prompts))
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id or 0
    ids = torch.tensor([[pad] * (longest - len(each)) + each for each in prompts], device=model.device)
    mask = torch.tensor([[0] * (longest - len(each)) + [1] * len(each) for each in prompts], device=model.device)
    limit = min(new_tokens, _context(model) - longest)
    settings = GenerationConfig(do_sample=False, max_new_tokens=limit, eos_token_id=ends or None, pad_token_id=pad)
    try:
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids, attention_mask=mask, generation_config=settings,
                logits_processor=LogitsProcessorList([OwnDraws(batch)]),
            )  # fmt: skip
    except (RuntimeError, IndexError, ValueError) as error:
        if is_memory_error(error):
            raise
        raise ModelAtFault(
            f"The model cannot answer question {batch[0].question.question_id}: {first_line(error)}"
        ) from error
    return [_answer(tokenizer, each, row[longest:].tolist(), ends, limit) for each, row in zip(batch, out, strict=True)]


def _answer(tokenizer: Any, prompt: Prompt, tokens: list[int], ends: list[int], limit: int) -> Answer:
    stop = next((at for at, token in enumerate(tokens) if token in ends), None)
    written = tokens[:stop]
    text = tokenizer.decode(written, skip_special_tokens=True).strip()
    return Answer(
        question_id=prompt.question.question_id, turn=prompt.turn, text=text, tokens=len(written),
        cut=stop is None and len(tokens) >= limit,
    )  # fmt: skip


def _context(model: Any) -> int:
    """Longest text the model knows positions for."""
    return int(getattr(model.config, "max_position_embeddings", None) or 4 * NEW_TOKENS)


def _room(model: Any, new_tokens: int) -> int:
    """Tokens a prompt may have: it leaves room for an answer, and at least half of a short context is its own."""
    context = _context(model)
    return max(context - max(new_tokens, SHORTEST_ROOM), context // 2)


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer, by the model's generation settings and the tokenizer."""
    own = getattr(model.generation_config, "eos_token_id", None)
    found = own if isinstance(own, list) else [own]
    return sorted({int(each) for each in [*found, tokenizer.eos_token_id] if each is not None})


class OwnDraws(LogitsProcessor):  # type: ignore[misc]
    """Sampling with a temperature and a seed of its own for every row.

    Adds Gumbel noise, so that the largest value is a draw from the softmax of logits / temperature; rows at
    temperature 0 stay as they are, and the largest value is the likeliest token.
    """

    def __init__(self, batch: Sequence[Prompt]) -> None:
        self._temperatures = [each.temperature for each in batch]
        self._draws = [torch.Generator().manual_seed(each.seed) for each in batch]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Scores (rows, vocabulary) with noise."""
        scores = scores.float()
        for row, (temperature, draw) in enumerate(zip(self._temperatures, self._draws, strict=True)):
            if temperature > 0:
                noise = -torch.log(torch.empty(scores.shape[1]).exponential_(generator=draw))
                scores[row] = scores[row] / temperature + noise.to(scores.device)
        return scores
