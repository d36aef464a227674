"""A model that cannot be used is reported in one clear line."""

from __future__ import annotations

import pytest

from classifiers.pipeline.classifier import load
from classifiers.pipeline.model_files import ModelError
from classifiers.service import self_test as self_test


def test_a_missing_model_is_one_clear_line(tmp_path: object) -> None:
    with pytest.raises(ModelError, match="chaperone train"):
        load(str(tmp_path))
