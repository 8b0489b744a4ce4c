"""Each tool's own export loads as it comes; what cannot be right is refused with what to do."""

import base64
import json

import pytest

from anonymart.demo.samples import sheet

EMAIL = "ada@school.example"
SAMPLES = {
    "delighted.csv": (
        "id,person,survey_type,score,comment,permalink,created_at,updated_at,person_properties,tags\n1,9,"
        'nps,9,"fine\nreally",x,1767605400,1767605400,"{""learner_id"": ""L1""}",\n2,8,csat,4,,x,'
        '1767605400,1767605400,"{""learner_id"": ""L2""}",\n'
    ),
    "wootric.csv": (
        "id,created_at,updated_at,score,text,ip_address,origin_url,end_user_id,survey_id,completed,"
        "excluded_from_calculations,tags\n1,2026-01-05T09:30:00Z,,9,ok,10.0.0.1,,L1,3,true,false,\n2,"
        "2026-01-05T09:30:00Z,,9,ok,10.0.0.1,,L2,3,true,true,\n"
    ),
    "satismeter.csv": (
        "id,created,rating,score,category,feedback,answers,dismissed,pending,campaign,device,location,"
        "user.userId,user.email\n1,2026-01-05T09:30:00.000Z,9,100,promoter,ok,,false,false,c,,,L1,"
        "ada@school.example\n2,2026-01-05T09:30:00.000Z,,,,,,false,true,c,,,L2,b@school.example\n"
    ),
    "typeform.csv": f"#,How likely are you to recommend us?,Your email,Start Date (UTC),Submit Date "
    f"(UTC),Network ID\nabc,9,{EMAIL},2026-01-05 09:29:00,2026-01-05 09:30:00,n1\n",
    "limesurvey.csv": '"id","submitdate","lastpage","startlanguage","seed","token","NPS","email"\n"1",'
    '"2026-01-05 10:30:00","3","fr","1","t","9","lime@school.example"\n'
    '"2","","1","fr","1","t","9","b@school.example"\n',
    "formbricks.csv": f"No.,Response ID,Timestamp,Finished,Survey ID,User ID,Would you recommend "
    f"us?,Verified Email\n1,r1,2026-01-05 09:30:00,Yes,s1,,9,{EMAIL}\n2,r2,2026-01-05 "
    f"09:30:00,No,s1,,9,b@school.example\n",
    "google_fr.csv": f"Horodateur,Adresse e-mail,Recommanderiez-vous notre école ?,Pourquoi ?\n05/01/2026 "
    f"10:30:00,{EMAIL},9,bien\n".encode("cp850").decode("latin-1"),
    "google_en.csv": "Timestamp,Email Address,How likely are you to recommend us?\n1/5/2026 "
    "10:30:00,english@school.example,9\n",
    "qualtrics.csv": (
        f"StartDate,EndDate,Status,IPAddress,Progress,Finished,ResponseId,RecipientEmail,Q1_NPS,"
        f'NPS\nStart,End,Response Type,IP,Progress,Finished,Response ID,Email,"Recommend,\nus?",'
        f'x\n"{{""ImportId"":""s""}}",e,s,i,p,f,r,m,q,y\n2026-01-05 09:29:00,2026-01-05 09:30:00,'
        f"IP Address,10.0.0.1,100,True,R_1,{EMAIL},,9\n2026-01-05 09:29:00,2026-01-05 09:30:00,"
        f"Survey Preview,,100,True,R_2,b@school.example,,9\n"
    ),
}
QUESTIONS = (
    'Start Date,End Date,Response Type,Finished,Response ID,Recipient Email,"How likely are you '
    'to\nrecommend us? - Group","How likely are you to\nrecommend us?",Why?\n'
)
HEAD = "StartDate,EndDate,Status,Finished,ResponseId,RecipientEmail,Q1_NPS_GROUP,Q1,Q2\n"
ANSWER = (
    "2026-01-05 09:29:00,2026-01-05 09:30:00,IP "
    "Address,True,R_9,by.question@school.example,Promoter,9,très bien\n"
)
SAMPLES |= {
    "qualtrics_questions.csv": f"{HEAD}{QUESTIONS}{'{},' * 8}{{}}\n{ANSWER}",
    "limesurvey_both.csv": '"id. Response ID";"submitdate. Date submitted";"lastpage. Last '
    'page";"startlanguage. Start language";"email. Email address";"G1. Recommanderiez-vous ?"\n'
    '"1";"2026-01-05 10:30:00";"3";"fr";"both@school.example";"9"\n',
}
OUT = {
    "delighted.csv": "a score on another scale than 0 to 10",
    "wootric.csv": "a test answer",
    "satismeter.csv": "a partial answer",
    "limesurvey.csv": "a partial answer",
    "formbricks.csv": "a partial answer",
    "qualtrics.csv": "a test answer",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from tests.ingest.conftest import SmallSchool

    small_school = SmallSchool(tmp_path_factory.mktemp("tools") / "home")
    for name, content in SAMPLES.items():
        small_school.deliver("nps", name, content.encode("latin-1" if name == "google_fr.csv" else "utf-8"))
    answer = {
        "response_id": "api",
        "landed_at": "2026-01-05T09:00:00Z",
        "submitted_at": "2026-01-05T09:30:00Z",
        "hidden": {"learner_id": "L1"},
        "answers": [{"field": {"id": "1", "ref": "nps"}, "type": "number", "number": 9}],
    }
    small_school.deliver("nps", "typeform.json", json.dumps({"items": [answer], "total_items": 1}, indent=1))
    rows = [
        {
            "1": {
                "id": "1",
                "submitdate": "2026-01-05 10:30:00",
                "lastpage": "1",
                "startlanguage": "fr",
                "NPS": "9",
                "email": "rpc@school.example",
            }
        }
    ]
    result = base64.b64encode(json.dumps({"responses": rows}).encode()).decode()
    small_school.deliver("nps", "limesurvey.json", json.dumps({"id": 1, "result": result, "error": None}))
    small_school.deliver(
        "nps",
        "utf16.tsv",
        SAMPLES["qualtrics_questions.csv"]
        .replace(",", "\t")
        .replace("by.question", "utf.16")
        .encode("utf-16"),
    )
    small_school.deliver(
        "nps",
        "google.xlsx",
        sheet(
            [
                ["Horodateur", "Adresse e-mail", "Recommanderiez-vous ?"],
                [46027.4375, "sheet@school.example", 9],
            ]
        ),
    )
    return small_school, small_school.ingest()


@pytest.mark.parametrize("name", [*SAMPLES, "typeform.json", "limesurvey.json", "google.xlsx", "utf16.tsv"])
def test_a_tool_s_own_export_loads(loaded, name):
    counts = loaded[1][f"nps/{name}"]
    assert (counts.status, counts.loaded) == ("loaded", 1), counts
    assert counts.reasons == ({OUT[name]: 1} if name in OUT else {})
    assert counts.delivered == counts.loaded + counts.refused + counts.quarantined + counts.duplicate


def test_every_answer_says_the_same(loaded):
    """One moment in every form and zone, one score; no column that identifies came in beside."""
    found = loaded[0].ask("SELECT DISTINCT answered_at::VARCHAR, score FROM vault.answers.nps")
    assert found == [("2026-01-05 09:30:00", 9)]
    assert "10.0.0.1" not in loaded[0].everything()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1,2\n", "anonymart sources infer"),
        ("Horodateur,Adresse e-mail,Recommanderiez-vous (de 1 à 5) ?\n05/01/2026 10:30:00,a@b.fr,4\n",
         "scale up to 5"),
        ("Horodateur,Adresse e-mail,Score\n"
         + "".join(f"05/01/2026 10:30:{n:02},a{n}@b.fr,{n % 5}\n" for n in range(40)),
         "none of its 40 scores"),
        ("Horodateur,Recommanderiez-vous ?\n05/01/2026 10:30:00,4\n", "no column gives learner_id or email"),
        (
            "#,NPS,Recommend?,Your email,Submit Date (UTC),Network ID\n1,9,9,a@b.fr,2026-01-05 "
            "09:30:00,n\n", "two of its questions could be the field score"),
        (b"PK\x03\x04rubbish", "a damaged or protected spreadsheet"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_with_what_to_do(small_school, content, reason):
    small_school.deliver("nps", "file.csv", content)
    counts = small_school.ingest()["nps/file.csv"]
    assert counts.status == "refused"
    assert reason in counts.reason


def test_the_last_answer_of_a_person_in_the_window_counts(small_school):
    head = "Horodateur,Adresse e-mail,Recommanderiez-vous ?\n"
    rows = "05/01/2026 10:30:00,a@b.fr,2\n06/01/2026 10:30:00,A@b.fr,9\n20/04/2026 10:30:00,a@b.fr,7\n"
    small_school.deliver("nps", "one.csv", head + rows)
    counts = small_school.ingest()["nps/one.csv"]
    assert (counts.delivered, counts.loaded, counts.duplicate) == (3, 2, 1)
    assert small_school.ask("SELECT score FROM vault.answers.nps ORDER BY 1") == [(7,), (9,)]
    small_school.deliver("nps", "two.csv", head + rows)
    counts = small_school.ingest()["nps/two.csv"]
    assert (counts.loaded, counts.duplicate) == (0, 3)


FOLLOW_UPS = "Horodateur,Adresse e-mail,Recommanderiez-vous notre école ?,{}\n"
TWO = (
    "05/05/2026 10:30:00,ada@school.example,9,,le mentorat\n05/05/2026 10:31:00,bob@school.example,3,trop "
    "lent,\n05/05/2026 10:32:00,cyd@school.example,8,oui,non\n"
)
NTH = 'extends: google_forms\ntitle: x\nfields:\n  comment: {column: "Pourquoi ?", nth: 2}\n'
ALL = (
    'extends: google_forms\ntitle: x\nfields:\n  comment: {columns: ["Dites-nous tout", "Et encore"], '
    "all: true}\n"
)


@pytest.mark.parametrize(("titles", "mapping", "comments"), [
    ("Pourquoi ?,Pourquoi ?", None, ["le mentorat", "oui | non", "trop lent"]),
    ("Pourquoi ?,Pourquoi ?.1", None, ["le mentorat", "oui | non", "trop lent"]),
    ("Pourquoi ?,Pourquoi ? (2)", None, ["le mentorat", "oui | non", "trop lent"]),
    ("Pourquoi ?,POURQUOI ?2", None, ["le mentorat", "oui | non", "trop lent"]),
    ("Pourquoi ?,Pourquoi ?", NTH, [None, "le mentorat", "non"]),
    ("Dites-nous tout,Et encore", ALL, ["le mentorat", "oui | non", "trop lent"]),
])  # fmt: skip
def test_columns_of_one_title_are_told_apart_by_position(tmp_path, titles, mapping, comments):
    """A question for promoters and one for detractors: each comment is read where it stands."""
    import duckdb

    from anonymart.surveys.delivered import open_file
    from anonymart.surveys.land import read
    from anonymart.surveys.mapping import FOLDER, load

    path, yml = tmp_path / "file.csv", tmp_path / "own.yml"
    path.write_text(FOLLOW_UPS.format(titles) + TWO, encoding="utf-8")
    yml.write_text(mapping or "extends: google_forms\ntitle: x\n", encoding="utf-8")
    with duckdb.connect() as connection:
        read(connection, open_file(connection, path, path.read_bytes()), load(yml, FOLDER), "nps")
        found = connection.execute("SELECT comment FROM survey_rows ORDER BY comment NULLS FIRST").fetchall()
    assert [comment for (comment,) in found] == comments


def test_two_titles_for_one_field_still_need_a_yaml(small_school):
    small_school.deliver("nps", "two.csv", FOLLOW_UPS.format("Pourquoi ?,Un commentaire ?") + TWO)
    assert "two of its questions could be the field comment" in small_school.ingest()["nps/two.csv"].reason


def test_of_our_own_columns_two_known_ones_are_refused_and_two_unknown_ones_not_read(small_school):
    small_school.deliver("learners", "known.csv", "learner_id,email,email\nl1,a@b.fr,c@d.fr\n")
    small_school.deliver("learners", "unknown.csv", "learner_id,note,note,Note,,\nl2,x,y,z,,\n")
    counts = small_school.ingest()
    assert counts["learners/known.csv"].status == "refused"
    assert (counts["learners/unknown.csv"].loaded, counts["learners/unknown.csv"].status) == (1, "loaded")
