"""xAPI statements as lines of JSON, whole columns at a time: the only place that knows their shape.

Beside what admission allows, each statement carries what it must not keep: names, an authority, instructors,
session ids, answers. They are decoys.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anonymart.demo.journey import VERB, Events
from anonymart.demo.vocabulary import PROGRESS, UNKNOWN_VERB, VERBS
from anonymart.demo.world import World

STAFF = [
    ("Odile Kervadec-Ansermet", "odile.kervadec@equipe.anonymart.example"),
    ("Bertil Quenneville-Roux", "bertil.quenneville@equipe.anonymart.example"),
    ("Nadège Ostrowiak-Lemaire", "nadege.ostrowiak@equipe.anonymart.example"),
]
AUTHORITY = '{"mbox":"mailto:lrs-operator@equipe.anonymart.example"}'
_HEX = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], dtype=np.uint8)
_DASHED = np.array([i for i in range(36) if i not in (8, 13, 18, 23)])


class Renderer:
    """Turns events into statements; the pieces that depend on catalogue and verb are made once."""

    def __init__(self, world: World) -> None:
        self.verbs = pa.array([*VERBS.values(), UNKNOWN_VERB])
        self.objects = pa.array([_object(world, item) for item in range(len(world.ids))])
        self.contexts = pa.array([_context(world, item) for item in range(len(world.ids))])
        self.durations = pa.array(["", *(f',"duration":"PT{minutes}M"' for minutes in range(1, 121))])
        self.instructors = pa.array(["", *(_instructor(name, email) for name, email in STAFF)])

    def lines(
        self, events: Events, ids: pa.Array, actors: pa.Array, rng: np.random.Generator,
        responses: pa.Array | None = None, sessions: pa.Array | None = None,
    ) -> pa.StringArray:  # fmt: skip
        """One statement per event, each ending with a line feed.

        `actors` are whole JSON objects; `responses` and `sessions` are empty or JSON members with their
        comma.
        """
        n = len(events)
        instructor = np.where(rng.random(n) < 0.06, rng.integers(1, len(STAFF) + 1, n), 0)
        opening, has_result = self._results(events)
        duration = np.where(has_result, 1 + rng.integers(0, 120, n), 0)
        closing = pa.array(["", "}"]).take(pa.array(has_result.astype(np.int8)))
        pieces = [
            '{"id":"',
            ids,
            '","actor":',
            actors,
            ',"verb":{"id":"',
            self.verbs.take(pa.array(events.verb)),
            '"},"object":',
            self.objects.take(pa.array(events.item)),
            opening,
            self.durations.take(pa.array(duration)),
            responses if responses is not None else "",
            closing,
            ',"context":{"platform":"campus",',
            self.instructors.take(pa.array(instructor)),
            self.contexts.take(pa.array(events.item)),
            sessions if sessions is not None else "",
            '},"timestamp":"',
            times(events.second),
            'Z","stored":"',
            times(events.second + rng.integers(1, 50, n)),
            f'Z","authority":{AUTHORITY},"version":"1.0.3"}}\n',
        ]
        wide = [pa.scalar(piece) if isinstance(piece, str) else piece for piece in pieces]
        return pc.binary_join_element_wise(*wide, pa.scalar(""))

    def _results(self, events: Events) -> tuple[pa.Array, np.ndarray]:
        done = (events.verb == VERB["completed"]).astype(np.int64)
        success, score, progress = (
            getattr(events, name).astype(np.int64) + 1 for name in ("success", "score", "progress")
        )
        codes = ((done * 3 + success) * 102 + score) * 102 + progress
        distinct, places = np.unique(codes, return_inverse=True)
        return pa.array([_result(int(code)) for code in distinct]).take(pa.array(places)), codes > 0


def uuids(n: int, rng: np.random.Generator) -> pa.StringArray:
    """n random (version 4) UUIDs as texts."""
    raw = rng.integers(0, 256, (n, 16), dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((n, 36), ord("-"), dtype=np.uint8)
    text[:, _DASHED] = _HEX[raw].reshape(n, 32)
    return _fixed(text)


def times(seconds: np.ndarray) -> pa.StringArray:
    """ISO 8601 times, UTC, without the final Z."""
    plain = pa.array(seconds.astype("datetime64[s]")).cast(pa.string())
    text = np.frombuffer(plain.buffers()[2], dtype=np.uint8)[: 19 * len(seconds)].reshape(-1, 19).copy()
    text[:, 10] = ord("T")
    return _fixed(text)


def content(lines: pa.StringArray) -> memoryview:
    """The bytes of all lines, one after the other, without a copy."""
    if len(lines) == 0:
        return memoryview(b"")
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(lines.buffers()[2])[int(offsets[0]) : int(offsets[-1])]


def _fixed(text: np.ndarray) -> pa.StringArray:
    n, width = text.shape
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text)))


def _object(world: World, item: int) -> str:
    definition = {"type": world.object_type(item), "name": {"fr-FR": world.titles[item]}}
    thing = {"id": world.iri(item), "definition": definition}
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


def _context(world: World, item: int) -> str:
    around = {}
    if world.course_of[item] >= 0:
        around["parent"] = [_activity(world, world.course_of[item])]
    if world.path_of[item] >= 0:
        around["grouping"] = [_activity(world, world.path_of[item])]
    return f'"contextActivities":{json.dumps(around, separators=(",", ":"))}'


def _activity(world: World, item: int) -> dict[str, str]:
    return {"id": world.iri(item)}


def _instructor(name: str, email: str) -> str:
    person = {"name": name, "mbox": f"mailto:{email}"}
    return f'"instructor":{json.dumps(person, ensure_ascii=False, separators=(",", ":"))},'


def _result(code: int) -> str:
    if code == 0:
        return ""
    code, progress = divmod(code, 102)
    code, score = divmod(code, 102)
    done, success = divmod(code, 3)
    members = []
    if done:
        members.append('"completion":true')
    if success:
        members.append(f'"success":{"true" if success == 2 else "false"}')
    if score:
        members.append(f'"score":{{"scaled":{(score - 1) / 100},"raw":{score - 1}}}')
    if progress:
        members.append(f'"extensions":{{"{PROGRESS}":{progress - 1}}}')
    return f',"result":{{{",".join(members)}'
