"""What must be known about a model before it is evaluated, and who can tell.

`leaderboard.model_catalogue` asks the Hub or looks into a folder; tests make up facts.
"""

from typing import Protocol

from pydantic import Field

from leaderboard.records import Count, ModelId, ModelType, Record, Sha


class ModelFacts(Record):
    """One model at one commit; None or False where the model does not say."""

    model: ModelId = Field(description="Canonical id, which may differ from the one asked for.")
    revision: Sha = Field(description="The commit that the asked revision means now.")
    license: str | None = Field(default=None, description="`license` of the model card.")
    params: Count | None = Field(default=None, description="Parameters counted in the safetensors headers.")
    weight_bytes: Count = Field(default=0, description="Real size of the files that would be loaded as weights.")
    has_safetensors: bool = Field(default=False, description="Whether the weights are there as safetensors.")
    pickle_only: bool = Field(default=False, description="Whether the weights are there only as pickle files.")
    unreadable: str | None = Field(default=None, description="Which configuration file cannot be read, and why.")
    needs_remote_code: bool = Field(default=False, description="Whether its configuration names own code (auto_map).")
    has_tokenizer: bool = Field(default=False, description="Whether tokenizer files are there.")
    has_chat_template: bool = Field(default=False, description="Whether the tokenizer has a chat template.")
    architecture: str | None = Field(default=None, description="First class named by the configuration.")
    n_labels: Count | None = Field(default=None, description="Classes that config.json names (id2label, num_labels).")
    model_type: ModelType | None = Field(default=None, description="Kind of training, as far as the card tells.")
    base_model: str | None = Field(default=None, description="First `base_model` of the model card.")


class ModelCatalogue(Protocol):
    """Somebody who knows models."""

    def inspect(self, model: str, revision: str) -> ModelFacts:
        """Facts about a model at a revision (a branch, tag or sha); both are syntactically valid.

        Raises ModelUnavailable, or RevisionUnavailable when only the revision is missing.
        """
        ...
