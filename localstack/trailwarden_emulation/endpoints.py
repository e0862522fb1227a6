"""The emulation's own HTTP endpoints, beside AWS's."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from .calls import CallLog
from .denials import Denials

if TYPE_CHECKING:
    from localstack.http import Request, Response, Router

    from .delivery import Courier


def add(router: Router, calls: CallLog, denials: Denials, courier: Courier) -> None:
    """`GET` and `DELETE /_trailwarden/calls[?account=ID]`, `POST /_trailwarden/deny?account=ID&service=S&operation=O`
    and `DELETE /_trailwarden/deny?account=ID`, `POST /_trailwarden/seed?account=ID[&region=R][&period=S]` (seed.py
    without a Python on the caller's side), and `GET /_trailwarden/health`.
    """
    from localstack import config
    from localstack.http import Response

    from seed import Seeder

    def on_calls(request: Request) -> Response:
        account = request.args.get("account")
        if request.method == "DELETE":
            calls.clear(account)
            return Response(status=204)
        return Response.for_json({"calls": calls.read(account)})

    def on_deny(request: Request) -> Response:
        account = request.args["account"]
        if request.method == "DELETE":
            denials.clear(account)
        else:
            denials.deny(account, (request.args["service"], request.args["operation"]))
        return Response(status=204)

    def on_seed(request: Request) -> Response:
        # through the front door, as anybody would: what is made is recorded and announced like every other call
        endpoint = f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"
        region, period = request.args.get("region", "us-east-1"), int(request.args.get("period", "300"))
        return Response.for_json(asdict(Seeder(endpoint, request.args["account"], region, period).run()))

    def on_health(_request: Request) -> Response:
        return Response.for_json({"status": "running", "pending_deliveries": courier.pending})

    router.add("/_trailwarden/calls", on_calls, methods=["GET", "DELETE"])
    router.add("/_trailwarden/deny", on_deny, methods=["POST", "DELETE"])
    router.add("/_trailwarden/seed", on_seed, methods=["POST"])
    router.add("/_trailwarden/health", on_health, methods=["GET"])
