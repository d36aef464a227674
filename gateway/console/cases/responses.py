"""The evidence pack as a response."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from gateway.console.cases.zip_stream import ZipStream


def zip_response(pack: ZipStream, digest: str, number: int) -> Response:
    """Send a pack in pieces. The header X-Manifest-SHA256 has the hash of its manifest."""
    headers = {
        "Content-Disposition": f'attachment; filename="case-{number}.zip"', "X-Manifest-SHA256": digest,
        "Content-Length": str(pack.size()),
    }  # fmt: skip
    return StreamingResponse(pack.chunks(), media_type="application/zip", headers=headers)
