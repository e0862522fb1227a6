"""The emulation's own HTTP endpoints, beside AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .calls import CallLog

if TYPE_CHECKING:
    from localstack.http import Request, Response, Router

    from .delivery import Courier


def add(router: Router, calls: CallLog, courier: Courier) -> None:
    """`GET` and `DELETE /_trailwarden/calls[?account=ID]`, and `GET /_trailwarden/health`."""
    from localstack.http import Response

    def on_calls(request: Request) -> Response:
        account = request.args.get("account")
        if request.method == "DELETE":
            calls.clear(account)
            return Response(status=204)
        return Response.for_json({"calls": calls.read(account)})

    def on_health(_request: Request) -> Response:
        return Response.for_json({"status": "running", "pending_deliveries": courier.pending})

    router.add("/_trailwarden/calls", on_calls, methods=["GET", "DELETE"])
    router.add("/_trailwarden/health", on_health, methods=["GET"])
