"""Words of the fictional school: xAPI verbs and types, job titles, employers, phrases of comments."""

from __future__ import annotations

HOME_PAGE = "https://campus.anonymart.example"
XAPI = f"{HOME_PAGE}/xapi"
OPEN_EDX = "https://lms.anonymart.example"
MOODLE = "https://moodle.anonymart.example"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"

VERBS: dict[str, str] = {
    "registered": "http://adlnet.gov/expapi/verbs/registered",
    "unregistered": "http://id.tincanapi.com/verb/unregistered",
    "progressed": "http://adlnet.gov/expapi/verbs/progressed",
    "completed": "http://adlnet.gov/expapi/verbs/completed",
    "attempted": "http://adlnet.gov/expapi/verbs/attempted",
    "answered": "http://adlnet.gov/expapi/verbs/answered",
    "passed": "http://adlnet.gov/expapi/verbs/passed",
    "failed": "http://adlnet.gov/expapi/verbs/failed",
    "submitted": "http://activitystrea.ms/schema/1.0/submit",
    "evaluated": "https://w3id.org/xapi/acrossx/verbs/evaluated",
    "earned": "http://id.tincanapi.com/verb/earned",
    "logged-in": "https://w3id.org/xapi/adl/verbs/logged-in",
}
UNKNOWN_VERB = "https://verbs.anonymart.example/pondered"

OBJECT_TYPES: dict[str, str] = {
    "path": "http://id.tincanapi.com/activitytype/learning-path",
    "course": "http://adlnet.gov/expapi/activities/course",
    "chapter": "http://adlnet.gov/expapi/activities/module",
    "interaction": "http://adlnet.gov/expapi/activities/cmi.interaction",
    "assessment": "http://adlnet.gov/expapi/activities/assessment",
    "project": "http://id.tincanapi.com/activitytype/project",
    "platform": "http://activitystrea.ms/schema/1.0/application",
    "badge": "http://activitystrea.ms/schema/1.0/badge",
    "resource": "http://id.tincanapi.com/activitytype/resource",
}

JOB_TITLES: dict[str, list[str]] = {
    "data": [
        "Data analyst",
        "Analyste de données",
        "Data scientist",
        "Data engineer",
        "Ingénieure données",
        "Business intelligence analyst",
        "Chargé d'études statistiques",
        "Machine learning engineer",
    ],
    "development": [
        "Développeur web",
        "Développeuse web",
        "Software developer",
        "Développeur Python",
        "Full-stack developer",
        "Développeuse front-end",
        "Back-end engineer",
        "Ingénieur logiciel",
    ],
    "design": [
        "UX designer",
        "UI designer",
        "Product designer",
        "Graphiste",
        "Designer d'interface",
        "Directrice artistique",
    ],
    "project_management": [
        "Chef de projet digital",
        "Cheffe de projet",
        "Project manager",
        "Product owner",
        "Scrum master",
        "Responsable de projet informatique",
    ],
    "support_it": [
        "Technicien support",
        "Technicienne informatique",
        "IT support specialist",
        "Administrateur systèmes",
        "System administrator",
        "Help desk analyst",
    ],
    "marketing": [
        "Chargé de marketing digital",
        "Digital marketing manager",
        "Community manager",
        "Traffic manager",
        "Chargée de communication",
        "SEO specialist",
    ],
}
UNMAPPED_TITLES = ["Boulanger", "Professeur des écoles", "Cabin crew", "Autre", "Luthier"]

EMPLOYERS = [
    "Atelier Numérique SA",
    "Banque du Littoral",
    "Coopérative Sillage",
    "Maison Verdier",
    "Northwind Software Ltd",
    "Rheinwerk Daten GmbH",
    "Hospital San Telmo",
    "Mairie de Valmont",
    "Transports Corbeau",
    "Studio Pixelune",
    "Assurances Tilleul",
    "Ferme Connectée SAS",
    "Lumen Energie",
    "Agence Papillon",
    "Oakridge Retail plc",
]

# theme -> (language, sentiment) -> phrases; several words for each theme, as people really write
COMMENTS: dict[str, dict[str, list[str]]] = {
    "mentoring": {
        "pos": [
            "Mon mentor est très à l'écoute.",
            "Great mentor, always well prepared.",
            "Le mentorat m'a porté.",
        ],
        "neg": ["Mon mentor annule souvent.", "I changed mentors three times.", "Mentorat trop court."],
    },
    "projects": {
        "pos": ["Les projets sont concrets.", "I loved the projects.", "Projets utiles pour mon portfolio."],
        "neg": ["Les consignes des projets sont floues.", "Project briefs are outdated.", "Trop de projets."],
    },
    "platform": {
        "pos": ["La plateforme est claire.", "The platform just works.", "Plateforme agréable sur mobile."],
        "neg": [
            "La plateforme plante souvent.",
            "The platform is slow.",
            "Beaucoup de bugs sur la plateforme.",
        ],
    },
    "pace": {
        "pos": ["J'avance à mon rythme.", "The pace suits my family life.", "Bon rythme."],
        "neg": ["Le rythme est intenable.", "The pace is too fast for me.", "Rythme trop lent au début."],
    },
    "support": {
        "pos": ["Le support répond vite.", "Support was kind and quick.", "Merci à l'assistance."],
        "neg": ["Le support ne répond pas.", "No answer from support for weeks.", "Assistance injoignable."],
    },
    "content": {
        "pos": ["Le contenu des cours est à jour.", "Excellent course content.", "Cours bien expliqués."],
        "neg": ["Le contenu est dépassé.", "Course content is shallow.", "Des cours pleins de fautes."],
    },
    "job_search": {
        "pos": [
            "J'ai trouvé un emploi en deux mois.",
            "The career coaching got me a job.",
            "Emploi trouvé, merci.",
        ],
        "neg": [
            "Aucune aide pour la recherche d'emploi.",
            "Still no job after the diploma.",
            "Recruteurs sceptiques, pas d'emploi.",
        ],
    },
    "price": {
        "pos": ["Bon rapport qualité-prix.", "Fair price.", "Le prix est justifié, financement simple."],
        "neg": ["Trop cher.", "Too expensive for what it is.", "Le prix a encore augmenté."],
    },
}
PLAIN_COMMENTS = ["RAS", "ok", "Merci !", "Nothing to add.", "Bonne continuation."]
