"""What a person may set once: in `dovetail.toml` of the working directory, or in DOVETAIL_* environment variables.

An option on the command line comes first, then the environment, then the file, then the default.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from dovetail.kg.errors import InputError

FILE = Path("dovetail.toml")
PREFIX = "DOVETAIL_"


class Settings(BaseSettings):
    """The settings there are, with their defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, toml_file=FILE, extra="forbid", frozen=True, env_ignore_empty=True)

    graph: Path = Path("graph.dovetail")
    """The graph's folder, where no --graph is given."""
    labels: Path | None = None
    """A label catalogue, where no --labels is given."""
    vocabulary: Annotated[tuple[Path, ...], NoDecode] = ()
    """Vocabularies to build with; in the environment, paths joined as in PATH."""
    workers: int | None = Field(default=None, ge=1)
    """Processes to build with. Absent: one for each core."""
    threads: int = Field(default=1, ge=1)
    """Threads of the text encoder when it answers and evaluates. More help only where nothing else runs."""
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    """A relation that is less sure is left out of the graph, beside what the extractor leaves out by itself."""
    encoder: str = ""
    """A text encoder for passages and questions, by its folder or its name on the Hugging Face hub. Absent: the packaged one."""
    query_seconds: float = Field(default=30.0, gt=0)
    """A query that runs longer is stopped."""
    llm_url: str = ""
    """A language model to help with answers, by the address of its OpenAI-compatible endpoint. Absent: nothing is sent anywhere."""
    llm_model: str = ""
    """What the endpoint calls the model."""
    llm_key: SecretStr = SecretStr("")
    """What the endpoint wants to know who asks. Better set in the environment than in a file."""
    llm_seconds: float = Field(default=20.0, gt=0)
    """How long it may take for one thing it is asked."""

    @field_validator("vocabulary", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(os.pathsep) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file; no other source."""
        return (env_settings, TomlConfigSettingsSource(settings_cls))


def set_threads() -> None:
    """Give torch as many threads as the settings say."""
    import torch

    torch.set_num_threads(load_settings().threads)


def load_settings() -> Settings:
    """The settings in force in this working directory. Raises InputError with one line for a wrong one."""
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{FILE} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{FILE} is not UTF-8 text: save it as UTF-8") from error
    except ValidationError as error:
        raise InputError(_in_plain_words(error)) from error


def _in_plain_words(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        near = get_close_matches(name, Settings.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(Settings.model_fields))}"
        return f"{FILE}: no setting is named {name!r}; {hint}"
    variable = PREFIX + name.upper()
    place = f"environment variable {variable}" if os.environ.get(variable) else f"{FILE}: {name}"
    wanted = {
        "int_parsing": "must be a whole number",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "greater_than_equal": f"must be at least {first.get('ctx', {}).get('ge', 0):g}",
        "less_than_equal": f"must be at most {first.get('ctx', {}).get('le', 0):g}",
        "greater_than": "must be more than 0",
        "float_parsing": "must be a number",
        "float_type": "must be a number",
        "path_type": "must be a path, as text",
        "string_type": "must be text",
        "tuple_type": "must be a list of paths",
    }.get(first["type"], first["msg"])
    return f"{place} {wanted}" + ("" if name == "llm_key" else f", not {first['input']!r}")
