"""The network of the encoders for training: layers of the shape of all-MiniLM-L6-v2 and multilingual-e5-small.

It is written out instead of imported, so the code that is trained, exported and shipped is in one place.
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


class EncoderLayer(nn.Module):
    """Attention and two linear layers, each with a residual sum and a norm."""

    def __init__(self, drop: float) -> None:
        super().__init__()
        self.queries, self.keys, self.values, self.mixed = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm_mixed, self.norm = nn.LayerNorm(WIDTH, EPSILON), nn.LayerNorm(WIDTH, EPSILON)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """One layer. `mask` is added to the attention: a large negative number at padding."""
        rows, length, _ = x.shape
        split = (rows, length, ATTENTION_HEADS, WIDTH // ATTENTION_HEADS)
        queries, keys, values = (
            linear(x).view(split).transpose(1, 2) for linear in (self.queries, self.keys, self.values)
        )
        weights = queries @ keys.transpose(2, 3) / (WIDTH // ATTENTION_HEADS) ** 0.5
        if mask is not None:
            weights = weights + mask
        mixed = (weights.softmax(-1) @ values).transpose(1, 2).reshape(rows, length, WIDTH)
        x = self.norm_mixed(x + self.drop(self.mixed(mixed)))
        out: Tensor = self.norm(x + self.drop(self.narrow(functional.gelu(self.wide(x)))))
        return out


class EncoderNetwork(nn.Module):
    """Word pieces to a logit per head, from the mean and the maximum of the last layer over all pieces."""

    def __init__(self, pieces: int, heads: int, positions: int, layers: int, drop: float = 0.1) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(pieces, WIDTH), nn.Embedding(positions, WIDTH)
        self.norm, self.drop = nn.LayerNorm(WIDTH, EPSILON), nn.Dropout(drop)
        self.layers = nn.ModuleList(EncoderLayer(drop) for _ in range(layers))
        self.heads = nn.Linear(2 * WIDTH, heads)

    def select_heads(self, rows: Sequence[int]) -> None:
        """Replace the heads by these of them, in this order; one may be taken more than once."""
        heads = nn.Linear(2 * WIDTH, len(rows))
        with torch.no_grad():
            heads.weight.copy_(self.heads.weight[list(rows)])
            heads.bias.copy_(self.heads.bias[list(rows)])
        self.heads = heads

    def forward(self, pieces: Tensor, present: Tensor | None = None) -> Tensor:
        """The logits of rows of pieces. `present` is 1 for pieces and 0 for padding; None means no padding."""
        out: Tensor = self.heads(self.drop(self.pooled(pieces, present)))
        return out

    def pooled(self, pieces: Tensor, present: Tensor | None = None) -> Tensor:
        """The mean and the maximum of the last layer over all pieces, side by side: what the heads read."""
        x = self.table(pieces) + self.places.weight[: pieces.shape[1]]
        x = self.drop(self.norm(x))
        mask = None if present is None else (1.0 - present[:, None, None, :]) * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        if present is None:
            return torch.cat([x.mean(1), x.amax(1)], -1)
        seen = present[..., None]
        mean = (x * seen).sum(1) / seen.sum(1)
        return torch.cat([mean, x.masked_fill(seen == 0, -1e4).amax(1)], -1)


def from_bert_weights(weights: Tensors, rows: Sequence[int], heads: int, positions: int, layers: int) -> EncoderNetwork:
    """An encoder with weights under the usual names of BERT. `rows` are the rows of its table to keep."""
    network = EncoderNetwork(len(rows), heads, positions, layers)
    with torch.no_grad():
        token_types = weights["embeddings.token_type_embeddings.weight"][0]
        network.table.weight.copy_(weights["embeddings.word_embeddings.weight"][list(rows)])
        network.places.weight.copy_(weights["embeddings.position_embeddings.weight"][:positions] + token_types)
        _copy(network.norm, weights, "embeddings.LayerNorm")
        for number, layer in enumerate(network.layers):
            assert isinstance(layer, EncoderLayer)
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
    return network


def _copy(part: nn.Linear | nn.LayerNorm, weights: Tensors, name: str) -> None:
    part.weight.copy_(weights[f"{name}.weight"])
    part.bias.copy_(weights[f"{name}.bias"])
