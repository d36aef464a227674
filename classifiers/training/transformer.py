"""The encoders' network for training: layers of all-MiniLM-L6-v2, or of multilingual-e5-small, of one shape.

Written out rather than imported, so that what is trained, what is exported and what is shipped are one page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 384
ATTENTION_HEADS = 12
INNER = 1536
EPSILON = 1e-12

Tensors = Mapping[str, Tensor]


class Layer(nn.Module):
    """Attention and two linear maps, each with its sum and norm."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.queries, self.keys, self.values, self.mixed = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm_mixed, self.norm = nn.LayerNorm(WIDTH, EPSILON), nn.LayerNorm(WIDTH, EPSILON)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, unseen: Tensor | None) -> Tensor:
        """One step up; `unseen` is added to the attention, minus a lot where there is padding."""
        rows, length, _ = x.shape
        split = (rows, length, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        queries, keys, values = (each(x).view(split).transpose(1, 2) for each in (self.queries, self.keys, self.values))
        weights = queries @ keys.transpose(2, 3) / (WIDTH // ATTENTION_HEADS) ** 0.5
        if unseen is not None:
            weights = weights + unseen
        mixed = (weights.softmax(-1) @ values).transpose(1, 2).reshape(rows, length, WIDTH)
        x = self.norm_mixed(x + self.drop(self.mixed(mixed)))
        out: Tensor = self.norm(x + self.drop(self.narrow(functional.gelu(self.wide(x)))))
        return out


class Encoder(nn.Module):
    """Word pieces to a logit per head, over the mean and the maximum of what the last layer says of each piece."""

    def __init__(self, pieces: int, heads: int, positions: int, layers: int, drop: float = 0.1) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(pieces, WIDTH), nn.Embedding(positions, WIDTH)
        self.norm, self.drop = nn.LayerNorm(WIDTH, EPSILON), nn.Dropout(drop)
        self.layers = nn.ModuleList(Layer(drop) for _ in range(layers))
        self.heads = nn.Linear(2 * WIDTH, heads)

    def forward(self, pieces: Tensor, there: Tensor | None = None) -> Tensor:
        """Logits of rows of pieces; `there` is 1 for pieces and 0 for padding, left out where there is none."""
        x = self.table(pieces) + self.places.weight[: pieces.shape[1]]
        x = self.drop(self.norm(x))
        unseen = None if there is None else (1.0 - there[:, None, None, :]) * -1e4
        for layer in self.layers:
            x = layer(x, unseen)
        if there is None:
            pooled = torch.cat([x.mean(1), x.amax(1)], -1)
        else:
            seen = there[..., None]
            mean = (x * seen).sum(1) / seen.sum(1)
            pooled = torch.cat([mean, x.masked_fill(seen == 0, -1e4).amax(1)], -1)
        out: Tensor = self.heads(self.drop(pooled))
        return out


def begun(weights: Tensors, rows: Sequence[int], heads: int, positions: int, layers: int) -> Encoder:
    """An encoder that starts from weights with the usual names of BERT; `rows` are those of its table to keep."""
    made = Encoder(len(rows), heads, positions, layers)
    with torch.no_grad():
        kinds = weights["embeddings.token_type_embeddings.weight"][0]
        made.table.weight.copy_(weights["embeddings.word_embeddings.weight"][list(rows)])
        made.places.weight.copy_(weights["embeddings.position_embeddings.weight"][:positions] + kinds)
        _copy(made.norm, weights, "embeddings.LayerNorm")
        for number, layer in enumerate(made.layers):
            assert isinstance(layer, Layer)
            base = f"encoder.layer.{number}"
            for part, name in (
                (layer.queries, "attention.self.query"),
                (layer.keys, "attention.self.key"),
                (layer.values, "attention.self.value"),
                (layer.mixed, "attention.output.dense"),
                (layer.norm_mixed, "attention.output.LayerNorm"),
                (layer.wide, "intermediate.dense"),
                (layer.narrow, "output.dense"),
                (layer.norm, "output.LayerNorm"),
            ):
                _copy(part, weights, f"{base}.{name}")
    return made


def _copy(part: nn.Linear | nn.LayerNorm, weights: Tensors, name: str) -> None:
    part.weight.copy_(weights[f"{name}.weight"])
    part.bias.copy_(weights[f"{name}.bias"])
