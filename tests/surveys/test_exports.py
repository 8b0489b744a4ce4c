"""More exports as the tools write them, of kinds that the samples have not: each loads, with the right score,
comment, or salary figure.
"""

import duckdb
import pytest

from anonymart.policy import load_policy
from anonymart.surveys import salary_figures
from anonymart.surveys.check import check
from anonymart.surveys.delivered import open_file
from anonymart.surveys.land import find
from tests.ingest.conftest import AS_OF

Q_HEAD = (
    "StartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,RecordedDate,ResponseId,"
    "RecipientLastName,RecipientFirstName,RecipientEmail,ExternalReference"
)
Q_ROW = (
    "2026-01-05 09:29:00,2026-01-05 09:30:00,0,10.0.0.1,100,60,1,2026-01-05 "
    "09:30:01,R_{},,,{}@school.example,"
)
Q_ID = ",".join(['"{""ImportId"":""x""}"'] * 13)
Q_TEXT = (
    "Start Date,End Date,Response Type,IP Address,Progress,Duration (in seconds),Finished,Recorded "
    "Date,Response ID,Recipient Last Name,Recipient First Name,Recipient Email,External Data Reference"
)
NPS = {
    "google_scale_in_french": (
        '"Horodateur","Adresse e-mail","Sur une échelle de 0 à 10, recommanderiez-vous notre école à un '
        'proche ?","Pourquoi cette note ?"\n'
        '"2026/01/05 10:30:00 AM UTC+1","ada@school.example","9","bien"\n',
        (9, "bien"),
    ),
    "google_english_reason": (
        'Timestamp,Username,"How likely is it that you would recommend our school to a friend or '
        'colleague?",What is the main reason for your score?\n'
        "1/25/2026 10:30:00,ada@school.example,9,good\n",
        (9, "good"),
    ),
    "typeform_logic_jumps": (
        '#,"On a scale from 0 to 10, how likely are you to recommend '
        'us?",Why?,Why?,email,learner_id,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date '
        "(UTC),Network ID,Tags,Ending\n"
        "abc,9,,the mentors,ada@school.example,L1,completed,2026-01-05 09:29:00,,2026-01-05 09:30:00,n1,,\n",
        (9, "the mentors"),
    ),
    "qualtrics_choice_texts": (
        f"{Q_HEAD},Q1_NPS_GROUP,Q1,Q2\n{Q_TEXT},How likely? - Group,How likely are you to recommend "
        f"us?,Please tell us why - Why?\n{Q_ID},a,b,c\n"
        f"{Q_ROW.format('1', 'ada')},Promoter,9 - Very likely,good\n",
        (9, None),
    ),
    "qualtrics_seen_unanswered": (
        f"{Q_HEAD},Q1,Q2\n{Q_TEXT},How likely are you to recommend "
        f"us?,Why?\n{Q_ID},b,c\n{Q_ROW.format('1', 'ada')},9,-99\n",
        (9, None),
    ),
    "limesurvey_full_questions": (
        '"Response ID","Date submitted","Last page","Start language","Seed","Date started","Date last '
        'action","Email address","How likely are you to recommend us?","Why?"\n'
        '"7","2026-01-05 10:30:00","3","en","1","2026-01-05 10:29:00","2026-01-05 '
        '10:30:00","ada@school.example","9","good"\n',
        (9, "good"),
    ),
    "limesurvey_code_and_question": (
        '"id. ID de la réponse";"submitdate. Date de soumission";"lastpage. Dernière '
        'page";"startlanguage. Langue de départ";"email. Adresse e-mail";"NPS. Recommanderiez-vous '
        'l\'école ?";"NPSwhy. Pourquoi ?"\n'
        '"7";"2026-01-05 10:30:00";"3";"fr";"ada@school.example";"9";"bien"\n',
        (9, "bien"),
    ),
    "delighted_with_properties": (
        "id,person,person_email,survey_type,score,comment,permalink,created_at,updated_at,person_properties,notes,tags,additional_answers\n"
        '1,5,ada@school.example,nps,9,good,x,1767605400,1767605400,"{""learner_id"": ""L1""}",,,\n',
        (9, "good"),
    ),
}
PAY = {
    "google_dollars": (
        "Timestamp,Email Address,Are you employed?,Working time,Current job title,What is your current "
        "annual gross salary (in USD)?\n"
        '1/25/2026 10:30:00,ada@school.example,Yes,Full-time,Analyst,"52,000"\n',
        (52000.0, "USD", "year", "gross"),
    ),
    "google_column_beside": (
        "Horodateur,Adresse e-mail,Êtes-vous en poste ?,Temps de travail,Votre salaire,Devise,Brut ou net "
        "?,Période du salaire\n"
        "25/01/2026 10:30:00,ada@school.example,Oui,Temps plein,2 300,Euros "
        "(€),Net,Par mois\n",
        (2300.0, "EUR", "month", "net"),
    ),
    "typeform_thousands": (
        '#,Avez-vous un emploi ?,Temps de travail,"Quelle est votre rémunération brute annuelle, en k€ '
        '?",Votre adresse e-mail,Response Type,Start Date (UTC),"Date d\'envoi (UTC)",Network ID\n'
        "abc,oui,temps plein,35,ada@school.example,completed,2026-01-05 "
        "09:29:00,2026-01-05 09:30:00,n1\n",
        (35000.0, "EUR", "year", "gross"),
    ),
    "qualtrics_monthly_pounds": (
        f"{Q_HEAD},Q1,Q2,Q3\n{Q_TEXT},Do you have a job?,Full-time or part-time?,What is your monthly net "
        f"salary (GBP)?\n{Q_ID},a,b,c\n"
        f"{Q_ROW.format('1', 'ada')},Yes,Full time,2100\n",
        (2100.0, "GBP", "month", "net"),
    ),
    "limesurvey_code_and_question": (
        '"id. Response ID";"submitdate. Date submitted";"lastpage. Last page";"startlanguage. Start '
        'language";"email. Email address";"G01Q01. Avez-vous un emploi ?";"G01Q02. Temps de '
        'travail";"G01Q05. Quel est votre salaire mensuel net ?"\n'
        '"7";"2026-01-05 '
        '10:30:00";"3";"fr";"ada@school.example";"Oui";"Temps plein";"2 '
        '150 €"\n',
        (2150.0, "EUR", "month", "net"),
    ),
    "currency_to_be_said_in_the_answer": (
        "Horodateur,Adresse e-mail,Êtes-vous en poste ?,Temps de travail,Salaire annuel brut (précisez la "
        "devise)\n"
        "25/01/2026 10:30:00,ada@school.example,Oui,Temps plein,52k CHF\n",
        (52000.0, "CHF", "year", "gross"),
    ),
    "google_spread": (
        "Horodateur,Adresse e-mail,Êtes-vous en poste ?,Temps de travail,Votre salaire actuel\n"
        '25/01/2026 10:30:00,ada@school.example,Oui,Temps plein,"27 300 € brut sur 13 mois"\n',
        (27300.0, "EUR", "year", "gross"),
    ),
}


def rows(path, source, columns):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        assert open_file(connection, path, path.read_bytes()[:65536]) is not None
        find(connection, path, source, path.read_bytes()[:65536])
        return connection.execute(f"SELECT {columns} FROM survey_rows WHERE survey_reason IS NULL").fetchall()


@pytest.mark.parametrize("name", NPS)
def test_scores_and_comments(tmp_path, name):
    content, (score, comment) = NPS[name]
    path = tmp_path / "file.csv"
    path.write_text(content, encoding="utf-8")
    found = check(path, "nps", AS_OF, load_policy())
    assert (found.status, found.delivered, found.loaded) == ("loaded", 1, 1), found
    read = rows(path, "nps", "score, comment" if "comment" in found.fields else "score, NULL")
    assert read == [(str(score), comment)]


@pytest.mark.parametrize("name", PAY)
def test_salaries(tmp_path, name):
    content, (amount, *unit) = PAY[name]
    path = tmp_path / "file.csv"
    path.write_text(content, encoding="utf-8")
    found = check(path, "salary", AS_OF, load_policy())
    assert found.salaries == {salary_figures.STANDS: 1}, found
    [(read, *said)] = rows(path, "salary", "salary_amount, salary_currency, salary_period, salary_basis")
    assert (float(read), said) == (amount, unit)
