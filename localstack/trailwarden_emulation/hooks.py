"""Where the emulation meets LocalStack's handler chain: requests that it answers, answers that it watches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from rolo.gateway import HandlerChain

from .api import Amendment, ApiError, Json, Names, Observer, Operation, Scope
from .caller import identity
from .calls import Call, CallLog
from .delivery import Courier, Delivery
from .denials import Denials
from .record import GLOBAL_SERVICES, Answered, bridge_source, is_recorded, kind_of, lower_camel, record_of
from .trails import Trail, TrailStore, recording
from .world import World

LOG = logging.getLogger(__name__)


def _scope(context: RequestContext) -> Scope:
    return Scope(context.account_id, context.region, datetime.now(UTC))


class Answers:
    """Request handler: answers operations that LocalStack lacks, or answers wrongly, before it looks for a provider."""

    def __init__(self, operations: Mapping[Names, Operation], store: TrailStore) -> None:
        self._operations = operations
        self._store = store

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        if not context.service_operation:
            return
        if context.service.service_name == "cloudtrail":
            # the call that ends a trail's logging is still recorded by it
            context.trailwarden_trails = self._store.of_account(context.account_id)
        operation = self._operations.get(tuple(context.service_operation))
        if operation is None:
            return
        try:
            answer = operation(_scope(context), context.service_request or {})
        except ApiError as error:
            raise CommonServiceException(error.code, error.message, error.status, sender_fault=True) from error
        _respond(context, response, answer)
        chain.stop()


class Refuses:
    """Request handler: refuses what a test denied, before anybody answers it; never a call of LocalStack's own."""

    def __init__(self, denials: Denials, world: World) -> None:
        self._denials = denials
        self._world = world

    def __call__(self, _chain: HandlerChain, context: RequestContext, _response: Response) -> None:
        if not context.service_operation or context.is_internal_call:
            return
        caller = identity(context.account_id, _access_key(context), self._world)["arn"]
        try:
            self._denials.check(context.account_id, caller, tuple(context.service_operation))
        except ApiError as error:
            raise CommonServiceException(error.code, error.message, error.status, sender_fault=True) from error


class Amends:
    """Response handler: corrects answers of LocalStack before the caller sees them."""

    def __init__(self, amendments: Mapping[Names, Amendment]) -> None:
        self._amendments = amendments

    def __call__(self, _chain: HandlerChain, context: RequestContext, response: Response) -> None:
        if not context.service_operation or response.status_code >= 300:
            return
        amendment = self._amendments.get(tuple(context.service_operation))
        if amendment is not None:
            answer = dict(context.service_response or {})
            _respond(context, response, amendment(_scope(context), context.service_request or {}, answer))


class Watcher:
    """Response handler: notes every call from outside, and hands CloudTrail's events to the courier."""

    def __init__(
        self,
        *,
        calls: CallLog,
        store: TrailStore,
        courier: Courier,
        world: World,
        observers: Mapping[Names, Sequence[Observer]],
    ) -> None:
        self._calls = calls
        self._store = store
        self._courier = courier
        self._world = world
        self._observers = observers

    def __call__(self, _chain: HandlerChain, context: RequestContext, response: Response) -> None:
        if context.service is None:
            return
        try:
            self._watch(context, response)
        except Exception:
            # an answer is never spoiled by its being watched
            LOG.exception("could not record %s", context)

    def _watch(self, context: RequestContext, response: Response) -> None:
        if context.service_operation and response.status_code < 300:
            for observer in self._observers.get(tuple(context.service_operation), ()):
                observer(_scope(context), context.service_request or {})
        if context.is_internal_call:
            return
        now = datetime.now(UTC)
        self._note(context, response, now)
        if context.service_operation and is_recorded(*context.service_operation):
            self._record(context, response, now)

    def _note(self, context: RequestContext, response: Response, now: datetime) -> None:
        service = context.service.service_name
        operation = context.operation.name if context.operation else _asked_for(context)
        kind = kind_of(service, operation or "")
        self._calls.add(
            Call(
                time=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                account=context.account_id or "",
                region=context.region or "",
                access_key=_access_key(context),
                service=service,
                operation=operation,
                kind=kind,
                mutating=kind == "write",
                status=response.status_code,
                error_code=_error(context, response)[0],
                request_id=_request_id(context, response),
                user_agent=context.request.headers.get("User-Agent", ""),
            )
        )

    def _record(self, context: RequestContext, response: Response, now: datetime) -> None:
        before: list[Trail] = getattr(context, "trailwarden_trails", [])
        trails = {trail.arn: trail for trail in self._store.of_account(context.account_id)}
        if not any(trail.logging for trail in (*before, *trails.values())):
            return
        service, operation = context.service_operation
        error_code, error_message = _error(context, response)
        record = record_of(
            Answered(
                service=service,
                operation=operation,
                account=context.account_id,
                region=context.region,
                time=now,
                caller=identity(context.account_id, _access_key(context), self._world),
                source_ip=context.request.remote_addr or "127.0.0.1",
                user_agent=context.request.headers.get("User-Agent", ""),
                request_id=_request_id(context, response),
                request=lower_camel(context.service_request or {}, context.operation.input_shape),
                response=lower_camel(context.service_response or {}, context.operation.output_shape),
                error_code=error_code,
                error_message=error_message,
            )
        )
        global_service = service in GLOBAL_SERVICES
        chosen = {trail.arn: trail for trail in recording(trails.values(), record, global_service=global_service)}
        chosen |= {trail.arn: trail for trail in recording(before, record, global_service=global_service)}
        if chosen:
            self._courier.accept(Delivery(record, bridge_source(service), tuple(chosen.values())))


def _respond(context: RequestContext, response: Response, answer: Json) -> None:
    context.service_response = answer
    serializer = create_serializer(context.service, context.protocol)
    response.update_from(
        serializer.serialize_to_response(answer, context.operation, context.request.headers, context.request_id)
    )


def _access_key(context: RequestContext) -> str:
    return extract_access_key_id_from_auth_header(context.request.headers) or ""


def _request_id(context: RequestContext, response: Response) -> str:
    """The id that the caller was given: callers recognise their own calls by it."""
    return response.headers.get("x-amzn-requestid") or response.headers.get("x-amz-request-id") or context.request_id


def _error(context: RequestContext, response: Response) -> tuple[str | None, str | None]:
    if response.status_code < 400:
        return None, None
    error = context.service_exception
    code = getattr(error, "code", None) or "InternalFailure"
    return str(code), str(getattr(error, "message", None) or error or "")


def _asked_for(context: RequestContext) -> str | None:
    """The operation that a request names although botocore's model does not know it."""
    target = context.request.headers.get("X-Amz-Target", "")
    if "." in target:
        return target.rsplit(".", 1)[-1]
    if context.request.headers.get("Smithy-Protocol"):
        return context.request.path.rsplit("/", 1)[-1]
    return None
