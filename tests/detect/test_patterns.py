"""Each kind of identifier is found, and what a mart really holds is not taken for one (D-IDENT,
D-SPECIAL).
"""

import duckdb
import pytest

from anonymart import detect

FOUND = {
    "email": [
        "anne.martin@example.org",
        "write to Anne.Martin+test@mail.example.fr please",
        "élodie@exemple.fr",
        "jean (at) exemple.fr",
        "col_jean@exemple.fr_2024",
        "mailto:j.d@ex-ample.co.uk",
        "jean point dupont arobase exemple point fr",
        "jean (at) exemple . fr",
        "jean[at]exemple[dot]fr",
        "jean AT exemple.fr",
        "jean dot dupont at exemple dot fr",
        "JEAN AROBASE EXEMPLE POINT FR",
    ],
    "card": [
        "4970101234567890 no, 4539578763621486",
        "4539 5787 6362 1486",
        "378282246310005",
        "5555-5555-5555-4444",
    ],
    "address": [
        "12 rue Victor Hugo",
        "3 bis, avenue de la République, 75011 Paris",
        "83120 SAINTE-MAXIME",
        "1 place Jean Jaurès",
        "75001 Paris cedex 02",
    ],
    "birth_date": [
        "né le 12/03/1998",
        "née le 3 mars 1998",
        "Born on March 3rd, 1998",
        "date de naissance : 03.12.98",
        "DOB 1998-03-12",
    ],
    "name": [
        "merci à Sylvie",
        "Mme Durand",
        "mon mentor Karim",
        "thanks to John",
        "Karim Benali",
        "mlle petit",
        "Merci à sylvie !",
        "coached by Siobhán",
        "Camille m'a beaucoup aidée",
        "Karim nous a aidés",
        "Sarah helped me",
        "je suis Thomas",
        "contactez Sylvie",
        "Très bon cours. Amélie",
        "Top ! Olivier G.",
        "Mme J. Brindille",
        "M. J.-P. Durand",
        "Prof. Miller",
        "professeur Miller",
        "Pr Dupont",
        "Dr. A. Smith",
        "Maître Dupont",
        "Mrs. K. O'Neil",
        "Mme de Villiers",
        "Mr. O’Connor",
        "M. JP Durand",
        "mon mentor J. Brindille",
        "Docteur C Cornejo",
        "Prof. J. LAGO",
        "mr. whitcombe",
        "Mme C. Castagnet-Ruiz",
    ],
    "phone_fr": [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "tel 01-23-45-67-89.",
        "06\u00a012\u00a034\u00a056\u00a078",
        "06 12345678",
        "0612 345 678",
        "(0)6 12 34 56 78",
        "06/12/34/56/78",
        "06 . 12 . 34 . 56 . 78",
        "(06) 12 34 56 78",
        "06 12 345 678",
        "0 6 1 2 3 4 5 6 7 8",
        "06 123 456 78",
        "0412 345 678",
    ],
    "phone": [
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "0033612345678",
        "33612345678",
        "+44 20 7946 0958",
        "+1-202-555-0143",
        "(202) 555-0143",
        "415-555-2671",
        "415.555.2671",
        "415–555–2671",
        "1-800-555-2671",
        "tel: 4155552671",
        "020 7946 0958",
        "07700 900123",
        "+44 (0)20 7946 0958",
        "087 123 4567",
        "01 234 5678",
        "(02) 9876 5432",
        "021 123 4567",
        "0207 946 0018",
        "call 555-0143",
        "001 415 555 2671",
    ],
    "ipv4": ["192.168.0.12", "from 8.8.8.8.", "[10.0.0.255]"],
    "ipv6": ["2001:db8:85a3:0:0:8a2e:370:7334", "fe80::1", "at 2001:db8::8a2e:370:7334 now"],
    "nir": [
        "255081416802538",
        "2 55 08 14 168 025 38",
        "1 85 05 78 006 048 30x",
        "197022A00400127",
        "1 97 02 2b 004 001 54",
        "2 5 5 0 8 1 4 1 6 8 0 2 5 3 8",
        "2 / 55 / 08 / 14 / 168 / 025 / 38",
        "2550 8141 6802 538",
        "1.9.7.0.2.2.A.0.0.4.0.0.1.2.7",
        "2 55 08 14 168 025 clé 38",
        "n° SS : 2550814168025",
        "NIR 2 55 08 14 168 025",
        "sécu 1 97 02 2A 004 001",
        "numéro INSEE 2550814168025",
    ],
    "iban": [
        "FR1420041010050500013M02606",
        "FR14 2004 1010 0505 0001 3M02 606",
        "iban de89370400440532013000 merci",
        "GB29 NWBK 6016 1331 9268 19 abc",
    ],
    "url": ["https://example.org/u/anne", "www.example.org", "linkedin.com/in/anne", "see http://a.b"],
    "handle": ["@anne_martin", "on Insta: (@anne.m)", "twitter: annem", "LinkedIn = anne-martin"],
    "uuid": ["0f8fad5b-d9cb-469f-a165-70867728950e", "urn:uuid:0F8FAD5B-D9CB-469F-A165-70867728950E"],
    "hash": [
        "a" * 40,
        "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "sha1:" + "0a" * 20,
        "d41d8cd98f00b204e9800998ecf8427e",
        "9f86d081884c7d65",
    ],
}
# What marts, contracts and manifests hold: none of it may stop a release.
HARMLESS = [
    "2024-01-01",
    "01/02/2024 10:30",
    "2026-06-30.1",
    "10:30:00",
    "course-python-basics",
    "course-julia-101",
    "2024-Q1",
    "T1 2024",
    "123456",
    "1000000",
    "0.1.0",
    "1.5.5",
    "v1.5.5 (build 14eca11bd9)",
    "too_few",
    "protected",
    "all",
    "rncp-37805",
    "RNCP37805BC01",
    "34 600 EUR",
    "path-data-analyst.2024-2026",
    "C++ and C#",
    "Node.js, socket.io and ASP.NET",
    "registered, started, 25, 50, 75, completed",
    "share 0 to 1",
    "100 (P - D) / (P + A + D)",
    "x::date",
    "chapter_00012345",
    "exercise-20240101-0001",
    "salary_p25",
    "1 85 05 78 006 048 92",
    "FR1420041010050500013M02607",
    "deadbeef",
    "facade",
    "256.300.1.2",
    "median_progress",
    "e-mail",
    "40-99: 5 and 95; 100-299: 2 and 98",
    "6 months and 24 months",
    "Nancy, Valence, Sainte-Maxime",
    "Bonne formation à Nancy",
    "Nancy m'a plu, Python m'a beaucoup aidé",
    "Je suis Breton et content. Merci",
    "notes : 0 1 2 3 4 5 6 7 8 9",
    "un stage chez Leroy Merlin",
    "Merci à tous les mentors",
    "Mon mentor Python",
    "12 cours de Python et 3 places",
    "35000 Euros",
    "chapitre 3 avenue du web",
    "@staticmethod",
    "version 4.2.1.3",
    "4970101234567890",
    "BE10194230241264",
    "LinkedIn : très utile",
    "madame, monsieur",
    "course-2024-06",
    "PY101-2025",
    "path-01-23-45",
    "MOD-021-123-4567",
    "978-2-07-036822-8",
    "commande n° 415-555-2671",
    "300 400 2000 euros",
    "2024-06-01 10:30:00",
    "02-2024-0012",
    "192.168.100.2000",
    "2550814168025",
    "2 55 08 14 168 025 39",
    "SIRET 552 100 554 00025",
    "Professeur de Mathématiques",
    "Maître de conférences",
    "Madame la Directrice",
    "M. Sc. 2019",
    "Dr House",
    "Miss Univers 2023",
    "M. Météo",
    "la prof Espagnol",
    "le professeur Principal",
    "500 300 2000",
    "ratio 300-400-5000",
    "sections 01 234 5678",
    "lot 07700 900123",
    "Ticket 001-2024-0415",
    "2.1.3.2.4.1.5.1.6.2.7.8.1.2.3",
]


def holds(kind: str, text: str) -> bool:
    return duckdb.execute(
        f"SELECT {detect.matches(kind, 't')} FROM (SELECT ?::VARCHAR AS t)", [text]
    ).fetchone()[0]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_an_identifier_is_found(kind, text):
    assert holds(kind, text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_marts_hold_is_not_taken_for_an_identifier(text):
    assert [kind for kind in detect.KINDS if holds(kind, text)] == []


def test_every_kind_has_examples():
    assert set(FOUND) == set(detect.KINDS) == set(detect.patterns())


def test_many_texts_at_once_give_the_same():
    """The query for many texts, the expression for one, and the spans in Python agree on every example."""
    texts = sorted({*HARMLESS, *(text for texts in FOUND.values() for text in texts)})
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE texts AS SELECT unnest(?::VARCHAR[]) AS text UNION ALL SELECT NULL", [texts]
        )
        found = set(connection.execute(detect.kinds_query("texts")).fetchall())
        flags = connection.execute(
            f"SELECT text, {', '.join(detect.matches(kind, 'text') for kind in detect.KINDS)} FROM texts"
        ).fetchall()
    assert found == {
        (text, kind)
        for text, *held in flags
        for kind, holds_it in zip(detect.KINDS, held, strict=True)
        if holds_it
    }
    assert found == {(text, span.kind) for text in texts for span in detect.spans_of(text)}


def test_folding_forgets_case_accents_and_punctuation():
    row = duckdb.execute(
        f"SELECT {detect.words('t')} FROM (SELECT 'Élodie  DE-LA_Tour@Exemple.FR' AS t)"
    ).fetchone()
    assert row[0] == ["elodie", "de", "la", "tour", "exemple", "fr"]


def test_a_text_without_its_addresses():
    text = (
        "Le support est top, support arobase prix point fr ou support@prix.fr, www.prix.fr/projets "
        "(@mentor_leo) !"
    )
    row = duckdb.execute(f"SELECT {detect.without_addresses('t')} FROM (SELECT ? AS t)", [text]).fetchone()
    assert " ".join(row[0].split()) == "Le support est top, ou , ) !"
