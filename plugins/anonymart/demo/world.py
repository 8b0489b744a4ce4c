"""The catalogue of the fictional school: paths, courses, chapters, exercises, projects, diplomas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from anonymart.demo.vocabulary import MOODLE, OBJECT_TYPES, OPEN_EDX, XAPI

CHAPTERS_PER_COURSE = 5
COURSES_PER_PATH = 3

PATHS: list[tuple[str, str, str, float, list[tuple[str, str]]]] = [
    (
        "path-data-analyst",
        "Data analyst",
        "diploma-data-analytics",
        0.15,
        [
            ("course-sql-basics", "Interroger des données avec SQL"),
            ("course-statistics", "Statistiques descriptives"),
            ("course-dashboards", "Tableaux de bord"),
        ],
    ),
    (
        "path-data-scientist",
        "Data scientist",
        "diploma-data-analytics",
        0.12,
        [
            ("course-python-basics", "Python: les bases"),
            ("julia", "Julia"),
            ("course-machine-learning", "Apprentissage automatique"),
        ],
    ),
    (
        "path-web-developer",
        "Développeur web",
        "diploma-software-development",
        0.15,
        [("course-html-css", "HTML et CSS"), ("course-javascript", "JavaScript"), ("ruby", "Ruby")],
    ),
    (
        "path-python-developer",
        "Développeur Python",
        "diploma-software-development",
        0.12,
        [
            ("course-python-objects", "Programmation objet"),
            ("course-web-api", "Construire une API"),
            ("course-testing", "Tester son code"),
        ],
    ),
    (
        "path-ux-designer",
        "UX designer",
        "diploma-digital-design",
        0.13,
        [
            ("course-user-research", "Recherche utilisateur"),
            ("course-wireframes", "Maquettes"),
            ("course-design-systems", "Design systems"),
        ],
    ),
    (
        "path-digital-marketing",
        "Marketing digital",
        "diploma-digital-design",
        0.11,
        [
            ("course-seo", "Référencement"),
            ("course-social-media", "Réseaux sociaux"),
            ("course-web-analytics", "Mesure d'audience"),
        ],
    ),
    (
        "path-project-manager",
        "Chef de projet digital",
        "diploma-digital-operations",
        0.12,
        [
            ("course-agile", "Méthodes agiles"),
            ("course-budgeting", "Budget d'un projet"),
            ("course-team-leading", "Animer une équipe"),
        ],
    ),
    (
        "path-it-support",
        "Technicien support",
        "diploma-digital-operations",
        0.10,
        [
            ("course-networks", "Réseaux"),
            ("course-operating-systems", "Systèmes d'exploitation"),
            ("course-ticketing", "Gérer les incidents"),
        ],
    ),
]
TINY_DIPLOMAS = ["diploma-game-audio", "diploma-quantum-computing", "diploma-geomatics"]
# The first half of the paths is taught on an Open edX, the other half on a Moodle.
_ON_OPEN_EDX = len(PATHS) // 2
_BLOCKS = {
    "chapter": "sequential",
    "interaction": "problem",
    "assessment": "problem",
    "project": "openassessment",
}
_MODULES = {"chapter": "lesson", "interaction": "quiz", "assessment": "quiz", "project": "assign"}


@dataclass
class World:
    """Arrays of item numbers by place, and for each item its kind, catalogue code, title, parents and the id
    by which a platform names it.

    Without platforms an item's id ends with its code.
    """

    has_platforms: bool = True

    kinds: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    course_of: list[int] = field(default_factory=list)
    path_of: list[int] = field(default_factory=list)
    chapter_of: list[int] = field(default_factory=list)
    paths: list[int] = field(default_factory=list)
    courses: list[list[int]] = field(default_factory=list)
    chapters: list[list[list[int]]] = field(default_factory=list)
    exercises: list[list[list[tuple[int, int]]]] = field(default_factory=list)
    projects: list[list[int]] = field(default_factory=list)
    platform: int = 0
    badge: int = 0
    retired_course: int = 0
    platform_ids: list[str] = field(default_factory=list)

    def add(
        self, kind: str, ident: str, title: str, path: int = -1, course: int = -1, chapter: int = -1
    ) -> int:
        """Adds one item and gives its number."""
        self.kinds.append(kind)
        self.ids.append(ident)
        self.titles.append(title)
        self.path_of.append(path)
        self.course_of.append(course)
        self.chapter_of.append(chapter)
        self.platform_ids.append(self._platform_id(kind, ident, path, course) if self.has_platforms else "")
        return len(self.ids) - 1

    def _platform_id(self, kind: str, ident: str, path: int, course: int) -> str:
        """A course key, usage key or page as Open edX and Moodle name them; empty for what the school names
        itself.
        """
        if kind in ("path", "platform", "badge"):
            return ""
        if path in self.paths[_ON_OPEN_EDX:]:
            number = len(self.ids) + 1
            return (
                f"{MOODLE}/course/view.php?id={number}"
                if kind == "course"
                else f"{MOODLE}/mod/{_MODULES[kind]}/view.php?id={number}"
            )
        if kind == "course":
            return f"course-v1:Campus+{_edx_number(ident)}+2024"
        home = _edx_number(self.ids[course] if course >= 0 else self.ids[path])
        block = hashlib.md5(ident.encode(), usedforsecurity=False).hexdigest()
        return f"block-v1:Campus+{home}+2024+type@{_BLOCKS[kind]}+block@{block}"

    def iri(self, item: int) -> str:
        """The xAPI object id of an item."""
        platform_id = self.platform_ids[item]
        if platform_id:
            place = "course/" if self.kinds[item] == "course" else "xblock/"
            return platform_id if platform_id.startswith("https://") else f"{OPEN_EDX}/{place}{platform_id}"
        kind = {"interaction": "exercise", "assessment": "exercise"}.get(self.kinds[item], self.kinds[item])
        return f"{XAPI}/{kind}/{self.ids[item]}"

    def object_type(self, item: int) -> str:
        """The xAPI activity type of an item."""
        return OBJECT_TYPES[self.kinds[item]]


def _edx_number(ident: str) -> str:
    return ident.removeprefix("course-").removeprefix("path-").replace("-", "").upper()[:12]


def build_world(has_platforms: bool = True) -> World:
    """Gives the same catalogue at every call: 8 paths, 24 courses, 120 chapters, 60 exercises, 20 projects.

    With platforms, statements name what is taught as Open edX and Moodle do, and the catalogue holds these
    ids as aliases.
    """
    world = World(has_platforms)
    for p, (path_id, path_title, _, _, courses) in enumerate(PATHS):
        path = world.add("path", path_id, path_title)
        world.paths.append(path)
        world.courses.append([])
        world.chapters.append([])
        world.exercises.append([])
        for c, (course_id, course_title) in enumerate(courses):
            course = world.add("course", course_id, course_title, path)
            world.courses[p].append(course)
            world.chapters[p].append(
                [
                    world.add(
                        "chapter", f"{course_id}-chapter-{k}", f"{course_title}, chapitre {k}", path, course
                    )
                    for k in range(1, CHAPTERS_PER_COURSE + 1)
                ]
            )
            places = [1, 3, 4] if (p + c) % 2 else [2, 4]
            world.exercises[p].append(
                [
                    (
                        place,
                        world.add(
                            "interaction" if e % 2 == 0 else "assessment",
                            f"{course_id}-exercise-{e + 1}",
                            f"{course_title}, exercice {e + 1}",
                            path,
                            course,
                            world.chapters[p][c][place],
                        ),
                    )
                    for e, place in enumerate(places)
                ]
            )
        n_projects = 3 if p % 2 == 0 else 2
        world.projects.append(
            [
                world.add("project", f"{path_id[5:]}-project-{k}", f"{path_title}, projet {k}", path)
                for k in range(1, n_projects + 1)
            ]
        )
    world.platform = world.add("platform", "campus", "Campus")
    world.badge = world.add("badge", "badge-path-completed", "Parcours terminé")
    world.retired_course = world.add("course", "course-retired-cobol", "COBOL")
    return world


def catalogue_rows(world: World) -> list[dict[str, str | None]]:
    """One row for each item of the catalogue, naming its place and the platform's id; the retired course is
    not in it.
    """
    rows: list[dict[str, str | None]] = []
    for item, kind in enumerate(world.kinds):
        if kind in ("platform", "badge") or item == world.retired_course:
            continue
        places = {
            "path": world.path_of[item],
            "course": world.course_of[item],
            "chapter": world.chapter_of[item],
        }
        level = {"interaction": "exercise", "assessment": "exercise"}.get(kind, kind)
        row: dict[str, str | None] = {}
        for name in ("path", "course", "chapter", "exercise", "project"):
            place = item if name == level else places.get(name, -1)
            row[f"{name}_id"] = world.ids[place] if place >= 0 else None
        for name in ("path", "course", "chapter", "exercise", "project"):
            row[f"{name}_title"] = world.titles[item] if name == level else None
        if world.platform_ids[item]:
            row[f"{level}_aliases"] = world.platform_ids[item]
        rows.append(row)
    return rows
