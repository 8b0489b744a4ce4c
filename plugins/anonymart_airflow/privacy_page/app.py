"""The routes of the page. Every one is closed to whoever may not read it, and every answer carries the same
headers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from anonymart import run
from anonymart.errors import AnonymartError, GateRefused, SentenceRefused, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.lock import Busy, writing
from anonymart.persons import MEANS
from anonymart.policy import load_policy
from anonymart.progress import Progress
from anonymart.release import Waiting, approval, held_marts
from anonymart.release import answer as answering
from anonymart.session import Session
from anonymart.status import look
from anonymart_airflow.names import reviewers
from anonymart_airflow.privacy_page import access, files, pages, reading, summary

VIA = "Airflow's page Privacy"
RETRY_SECONDS = "30"
_LONGEST_FORM = 4096
_LONGEST_REASON = 500
_HOLD = "hold"
_MOST_FIELDS = 100
_FIELDS = ("decision", "reason", "candidate_sha256", "token")
_NOT_HERE = "There is no such page or file."
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": pages.POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
_log = logging.getLogger(__name__)
Reader = Annotated[BaseUser, Depends(access.reader)]
Decider = Annotated[BaseUser, Depends(access.decider)]


def privacy_page() -> FastAPI:
    """The application; Airflow mounts it at /privacy."""
    app = FastAPI(
        title="Privacy",
        dependencies=[Depends(access.reader)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_api_route("/", overview)
    app.add_api_route("/health", health)
    app.add_api_route("/difference", difference)
    app.add_api_route("/audit", audit_log)
    app.add_api_route("/waiting/{release_id}", request_page)
    app.add_api_route("/waiting/{release_id}", decide, methods=["POST"])
    app.add_api_route("/figures/{release_id}", figures)
    app.add_api_route("/{kind}/{release_id}/files/{name:path}", evidence)
    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(AnonymartError, _fault)
    app.middleware("http")(_guarded)
    return app


def overview(request: Request, user: Reader) -> Response:
    """Every release with its state, and the candidate that waits."""
    session = _session()
    return pages.page(
        request,
        "overview",
        releases=reading.releases(session),
        held=reading.held(session),
        orders=reading.orders(session),
        n_unreadable=reading.n_unreadable(session),
        people=reading.people(session),
        means=MEANS,
    )


def health(user: Reader) -> Response:
    """Whether something asks for a person, and counts, for a monitor: no names, no days."""
    policy, now = load_policy(), datetime.now(UTC)
    zone = ZoneInfo(policy.figure("window", "time_zone"))
    return JSONResponse(look(Home.from_env(), policy, now.astimezone(zone).date(), now).health())


def difference(request: Request, user: Reader, since: str = "", until: str = "") -> Response:
    """What changed between two releases, or between a release and the candidate that waits."""
    session = _session()
    before, now = _folder(session.home, since), _folder(session.home, until)
    return pages.page(
        request,
        "difference",
        since=since,
        until=until,
        part=pages.changes_part(reading.difference(before, now)),
    )


def audit_log(request: Request, user: Reader) -> Response:
    """Who did what, and whether the log holds."""
    verdict, entries = reading.log(_session())
    logs, years = reading.airflow_logs(load_policy())
    return pages.page(request, "audit", verdict=verdict, entries=entries, logs=logs, years=years)


def request_page(request: Request, user: Reader, release_id: str) -> Response:
    """Why a candidate waits, what changed, and, for a reviewer, the form to answer."""
    session = _session()
    waits = _waiting(session, release_id)
    return _form(request, user, session, waits)


def _form(
    request: Request,
    user: BaseUser,
    session: Session,
    waits: Waiting,
    refused: str = "",
    typed: str = "",
    ticked: Sequence[str] = (),
) -> Response:
    """The page of a candidate that waits; with `refused`, why the answer was not taken, the words that were
    `typed` and the marts that were `ticked`: a second try must not publish them.
    """
    release_id, may_decide = waits.release_id, access.may(user, access.DECIDE)
    token = access.form_token(session.keys, user, release_id, waits.candidate_sha256) if may_decide else ""
    notes = reading.notes(session, release_id)
    report = reading.report_of(waits.candidate.folder)
    told = report.get("changes", {})
    before = files.folder_of(session.home, "releases", told.get("since") or "")
    return pages.page(
        request,
        "waiting",
        400 if refused else 200,
        waits=waits,
        may_decide=may_decide,
        token=token,
        part=pages.changes_part(told),
        since=told.get("since"),
        tiles=summary.tiles(report, reading.report_of(before) if before else {}, notes),
        new=summary.n_new(report),
        carried=summary.n_carried(report),
        longest=_LONGEST_REASON,
        groups=held_marts.groups(waits.candidate),
        refused=refused,
        typed=typed,
        ticked=ticked,
        membership=notes.get("membership"),
        exact=pages.exact_part(notes),
        limits=load_policy().figure("membership"),
    )


def figures(request: Request, user: Reader, release_id: str) -> Response:
    """The exact figures that were noted of a release or of the candidate that waits; they stand in none of
    its files.
    """
    session = _session()
    _folder(session.home, release_id)
    return pages.page(
        request,
        "figures",
        release_id=release_id,
        exact=pages.exact_part(reading.notes(session, release_id)),
    )


async def decide(request: Request, user: Decider, release_id: str) -> Response:
    """Approve the candidate that the form showed, whole or without the marts that are ticked, or refuse it,
    and nothing else.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413, "The answer is too long.")
    typed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    given = {name: typed.get(name, [""])[-1].strip() for name in _FIELDS}
    try:
        await run_in_threadpool(_decide, user, release_id, given, typed.get(_HOLD, []))
    except SentenceRefused as error:
        words = (str(error), given["reason"], typed.get(_HOLD, []))
        return await run_in_threadpool(_asked_again, request, user, release_id, *words)
    return RedirectResponse(f"{request.scope.get('root_path', '')}/", 303)


def evidence(user: Reader, kind: str, release_id: str, name: str) -> Response:
    """One file of the evidence of a release or of the waiting candidate."""
    found = files.content(_session().home, kind, release_id, name)
    if found is None:
        raise HTTPException(404, _NOT_HERE)
    data, media_type = found
    return Response(
        data, headers={"Content-Type": media_type, "Content-Security-Policy": pages.POLICY_OF_EVIDENCE}
    )


def _asked_again(
    request: Request, user: BaseUser, release_id: str, refused: str, typed: str, ticked: list[str]
) -> Response:
    session = _session()
    return _form(request, user, session, _waiting(session, release_id), refused, typed, ticked)


def _decide(user: BaseUser, release_id: str, answer: dict[str, str], held: list[str]) -> None:
    session = _session()
    if answer["decision"] not in ("approve", "refuse"):
        raise HTTPException(400, "Say approve or refuse.")
    if held and answer["decision"] == "refuse":
        raise SentenceRefused("A refusal is for the whole release: approve it to hold some marts back.")
    if not answer["reason"] or len(answer["reason"]) > _LONGEST_REASON:
        raise SentenceRefused(f"Say why, in 1 to {_LONGEST_REASON} characters.")
    with writing(session.home):
        shown = (
            answer["candidate_sha256"]
            if approval.shows_the_same(session, release_id, answer["candidate_sha256"])
            else ""
        )
        if not access.is_token(
            answer["token"], access.form_token(session.keys, user, release_id, answer["candidate_sha256"])
        ):
            raise HTTPException(
                403, "This answer belongs to no page that was shown to you: open the page again."
            )
        if shown != answer["candidate_sha256"]:
            raise HTTPException(
                409,
                "What you read no longer waits: it was decided elsewhere, superseded, or has changed. "
                "Open the page again.",
            )
        reviewer = approval.Reviewer(reviewers()[str(user.get_id())], answer["reason"], VIA)
        if held:
            under = session.under(load_policy())
            run.approve_without(under, release_id, reviewer, shown, held, Progress(quiet=True))
        elif answer["decision"] == "approve":
            answering.approve(session.under(load_policy()), release_id, reviewer, shown)
        else:
            answering.refuse_waiting(session, release_id, reviewer, shown)


def _session() -> Session:
    home = Home.from_env()
    return Session(home, Keys.load(home))


def _folder(home: Home, release_id: str) -> Any:
    folders = [files.folder_of(home, kind, release_id) for kind in files.KINDS]
    found = next((folder for folder in folders if folder is not None), None)
    if found is None:
        raise HTTPException(404, _NOT_HERE)
    return found


def _waiting(session: Session, release_id: str) -> Waiting:
    waits = reading.waiting(session)
    if waits is None or waits.release_id != release_id:
        raise HTTPException(404, "This release does not wait: it was decided, superseded, or never made.")
    return waits


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if error.status_code == 401 and is_page:
        return RedirectResponse(get_auth_manager().get_url_login(next_url=str(request.url)), 303)
    return pages.page(request, "refusal", status=error.status_code, sentence=str(error.detail))


async def _fault(request: Request, error: Exception) -> Response:
    """A sentence of the library: a run that writes is no fault, wrong use is a conflict."""
    if isinstance(error, UsageError | GateRefused):
        return pages.page(request, "refusal", status=409, sentence=str(error))
    sentence = (
        "A run is writing at this moment: ask again in half a minute."
        if isinstance(error, Busy)
        else str(error)
    )
    answer = pages.page(request, "refusal", status=503, sentence=sentence)
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        answer = await call_next(request)
    except Exception as error:
        # Its message may quote a row: neither the log nor the page gets it.
        _log.error("The page Privacy failed: unforeseen %s", type(error).__name__)
        answer = pages.page(
            request,
            "refusal",
            status=500,
            sentence="The page failed; the log of the api-server says with which kind of error.",
        )
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
