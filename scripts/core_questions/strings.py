"""Letters and words."""

import random

from . import Draft, Kinds, draft

WORDS = (
    "anchor", "basket", "candle", "danger", "engine", "forest", "garden", "hammer", "island", "jacket", "kitchen",
    "ladder", "marble", "needle", "orange", "pencil", "quartz", "ribbon", "saddle", "temple", "umbrella", "velvet",
    "window", "yellow", "balcony", "captain", "diamond", "elephant", "festival", "gallery", "harvest", "journey",
    "lantern", "mountain", "notebook", "octopus", "painter", "quarter", "rainbow", "sandwich", "treasure", "village",
    "whistle", "blanket", "compass", "dolphin", "feather", "glacier", "horizon", "library", "monument", "penguin",
)  # fmt: skip
VOWELS = "aeiou"
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")


def reverse(rng: random.Random) -> Draft:
    """A word spelled backwards."""
    word = rng.choice(WORDS)
    right = word[::-1]
    wrong = [_swapped(right, at) for at in rng.sample(range(len(right) - 1), 4)] + [right[1:] + right[0]]
    return draft(f'How is the word "{word}" spelled backwards?', right, wrong)


def count_letter(rng: random.Random) -> Draft:
    """How often a letter stands in two words."""
    first, second = rng.sample(WORDS, 2)
    letters = sorted(set(first + second))
    right = rng.choice(sorted({(first + second).count(letter) for letter in letters}))
    letter = rng.choice([letter for letter in letters if (first + second).count(letter) == right])
    question = f'How many times does the letter "{letter}" occur in "{first} {second}"?'
    return draft(question, right, (right + 1, right - 1 if right > 1 else right + 3, right + 2))


def nth_letter(rng: random.Random) -> Draft:
    """A letter by its place."""
    word = rng.choice(WORDS)
    place = rng.randrange(1, len(PLACES))
    others = sorted(set(word) - {word[place]}, key=lambda letter: (abs(word.index(letter) - place), letter))
    return draft(f'What is the {PLACES[place]} letter of the word "{word}"?', word[place], others[:3])


def alphabetical(rng: random.Random) -> Draft:
    """The word that comes first in the alphabet."""
    words = rng.sample(WORDS, 4)
    first = min(words)
    listed = ", ".join(words)
    return draft(
        f"Which of these words comes first in alphabetical order: {listed}?",
        first,
        (word for word in words if word != first),
    )


def without_vowels(rng: random.Random) -> Draft:
    """A word without a, e, i, o and u."""
    word = rng.choice(WORDS)
    right = "".join(letter for letter in word if letter not in VOWELS)
    vowels = "".join(letter for letter in word if letter in VOWELS)
    wrong = [right[:-1], right[1:], word.replace(vowels[0], "", 1), _swapped(right, 0), right[::-1]]
    return draft(f'What is left of the word "{word}" when every a, e, i, o and u is removed?', right, wrong)


def replace(rng: random.Random) -> Draft:
    """A word with one letter replaced everywhere."""
    word = rng.choice(WORDS)
    old = rng.choice(sorted(set(word)))
    new = rng.choice(sorted(set("bdgklmprstz") - set(word)))
    right = word.replace(old, new)
    others = [word.replace(letter, new) for letter in sorted(set(word) - {old})]
    return draft(
        f'Replace every "{old}" by "{new}" in the word "{word}". What is the result?', right, rng.sample(others, 3)
    )


def initials(rng: random.Random) -> Draft:
    """First letters of four words."""
    words = rng.sample(WORDS, 4)
    right = "".join(word[0] for word in words)
    wrong = ["".join(word[-1] for word in words), right[::-1], _swapped(right, 1), "".join(word[1] for word in words)]
    return draft(f"Write the first letters of these words one after the other: {' '.join(words)}.", right, wrong)


def length(rng: random.Random) -> Draft:
    """Letters in two words together."""
    first, second = rng.sample(WORDS, 2)
    right = len(first) + len(second)
    question = f'How many letters do the words "{first}" and "{second}" have together?'
    return draft(question, right, (right + 1, right - 1, right + 2, right - 2))


def _swapped(word: str, at: int) -> str:
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


KINDS: Kinds = {
    kind.__name__: kind
    for kind in (reverse, count_letter, nth_letter, alphabetical, without_vowels, replace, initials, length)
}
