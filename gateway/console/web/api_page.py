"""The page that describes the API, made from its OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import AuthenticatorDep, PagesDep

api_page = APIRouter(include_in_schema=False)


@api_page.get("/api/docs")
async def describe_api(request: Request, authenticator: AuthenticatorDep, pages: PagesDep) -> Response:
    """Every route of the API with its parameters and answers. Public."""
    document: dict[str, Any] = request.app.openapi()
    operations = [
        {
            "method": method.upper(), "path": path, "summary": operation.get("summary", ""),
            "text": operation.get("description", ""), "body": "requestBody" in operation,
            "parameters": [
                {"required": False, "description": "", **parameter} for parameter in operation.get("parameters", [])
            ],
            "answers": [(code, answer.get("description", "")) for code, answer in operation["responses"].items()],
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]  # fmt: skip
    session = await authenticator.browser_session(request)
    return pages.page(request, "api.html", session, operations=operations, text=document["info"]["description"])
