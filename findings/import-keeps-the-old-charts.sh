#!/usr/bin/env bash
# Apache Superset 6.1.0: `superset import-dashboards` replaces the dashboards it finds, and keeps their old charts, metrics and address.
#
# The command overwrites without asking. So one expects of a changed export with the same UUIDs that all of it comes in. The title and
# the layout do; the database's address, the dataset's metric and the chart stay as they are, with exit code 0 and no word about it:
# a dashboard called after the second survey then shows the first. The same file sent to /api/v1/assets/import/ replaces everything.
# For a warehouse: whoever corrects a metric or moves the file, and brings the new export in, goes on showing the old figures.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# Superset's dependencies are named one by one, so that they are the same later; rich and cachetools it needs and does not declare.
venv/bin/pip install --quiet --disable-pip-version-check --no-deps \
  alembic==1.19.2 amqp==5.4.2 annotated-types==0.8.0 apache-superset-core==0.1.0 apache-superset==6.1.0 apispec==6.10.1 \
  apsw==3.54.1.0 attrs==26.1.0 babel==2.19.0 backoff==2.2.1 backports-zstd==1.8.0 bcrypt==5.0.0 billiard==4.3.2 blinker==1.9.0 \
  bottleneck==1.6.0 brotli==1.2.1 cachelib==0.17.0 cachetools==8.0.2 cattrs==26.2.1 celery==5.7.0 certifi==2026.10.19.post1 \
  cffi==2.1.1 charset-normalizer==3.5.3 click-didyoumean==0.3.1 click-option-group==0.5.10 click-plugins==1.1.1.2 \
  click-repl==0.4.1 click==8.5.1 colorama==0.4.6 cron-descriptor==2.2.1 croniter==7.0.0 cryptography==46.0.7 defusedxml==0.7.1 \
  deprecated==1.3.1 deprecation==2.1.0 dnspython==2.9.2 email-validator==2.4.0 et-xmlfile==2.0.0 flask-appbuilder==5.3.0 \
  flask-babel==4.0.0 flask-caching==2.4.1 flask-compress==1.25 flask-cors==6.0.5 flask-jwt-extended==4.7.4 flask-limiter==4.1.1 \
  flask-login==0.6.3 flask-migrate==3.1.0 flask-session==0.8.0 flask-sqlalchemy==3.0.5 flask-talisman==1.1.0 flask-wtf==1.3.0 \
  flask==3.1.3 geographiclib==2.1 geopy==2.5.0 google-auth==2.63.0 greenlet==3.1.1 gunicorn==27.0.1 h11==0.16.0 hashids==1.3.1 \
  holidays==0.109 humanize==4.17.0 idna==3.20 invoke==3.0.3 isodate==0.7.2 itsdangerous==2.2.0 jinja2==3.1.6 jsonpath-ng==1.16.0 \
  jsonschema-specifications==2025.9.1 jsonschema==4.26.0 kombu==5.7.0 limits==5.8.0 mako==1.4.3 markdown-it-py==4.3.0 \
  markdown==3.11.3 markupsafe==3.0.4 marshmallow-sqlalchemy==1.5.0 marshmallow-union==0.1.15.post1 marshmallow==3.26.2 \
  mdurl==0.1.2 msgpack==1.0.8 msgspec==0.23.0 nh3==0.2.22 numpy==1.26.4 odfpy==1.4.1 openpyxl==3.1.5 ordered-set==4.1.0 \
  outcome==1.3.0.post0 packaging==26.4 pandas==2.1.4 paramiko==5.1.0 parsedatetime==2.6 pgsanity==0.3.0 pillow==12.3.0 \
  platformdirs==4.14.9 polyline==2.0.4 prison==0.2.1 prompt-toolkit==3.0.53 pyarrow==18.1.0 pyasn1-modules==0.4.2 pyasn1==0.6.5 \
  pycparser==3.12 pydantic-core==2.50.5 pydantic==2.14.4 pygeohash==3.5.1 pygments==2.21.0 pyjwt==2.15.1 pynacl==1.6.2 \
  pyopenssl==26.2.0 pyparsing==3.3.3 pysocks==1.7.1 python-dateutil==2.9.0.post0 python-dotenv==1.2.4 pytz==2026.6 pyxlsb==1.0.10 \
  pyyaml==6.0.4 redis==5.3.1 referencing==0.37.0 requests-cache==1.3.3 requests==2.34.2 rich==15.0.0 rpds-py==2026.9.1 \
  selenium==4.51.0 shillelagh==1.4.5 simplejson==4.3.0 six==1.17.0 slack-sdk==3.48.0 sniffio==1.3.1 sortedcontainers==2.4.0 \
  sqlalchemy-utils==0.42.1 sqlalchemy==1.4.54 sqlglot==28.10.1 sshtunnel==0.4.0 tabulate==0.10.0 trio-websocket==0.12.2 \
  trio==0.35.0 typing-extensions==4.16.0 typing-inspection==0.4.5 tzdata==2026.6 tzlocal==5.4.5 url-normalize==3.1.0 \
  urllib3==2.8.0 vine==5.1.0 watchdog==7.1.0 wcwidth==0.9.4 websocket-client==1.9.2 werkzeug==3.1.9 wrapt==2.5.2 wsproto==1.3.2 \
  wtforms-json==0.3.5 wtforms==3.3.2 xlrd==2.0.2 xlsxwriter==3.0.9

export FLASK_APP=superset SUPERSET_HOME="$folder" SUPERSET_CONFIG_PATH="$folder/superset_config.py"
cat >superset_config.py <<'PY'
import os

SECRET_KEY = "made up for this script, of no use elsewhere"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
PREVENT_UNSAFE_DB_CONNECTIONS = False  # lets it take SQLite files as databases
PY
venv/bin/superset db upgrade >log 2>&1
venv/bin/superset fab create-admin --username admin --firstname A --lastname B --email admin@example.org --password made-up >>log 2>&1
venv/bin/superset init >>log 2>&1

cat >look.py <<'PY'
"""Twice the same export, of which each part holds the word "first" or "second"; what is there after each import."""
import contextlib
import json
import sqlite3
import subprocess
import sys
import zipfile

from superset.app import create_app

DATABASE, DATASET, CHART, BOARD = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 5))


def export(word):
    box = {"type": "CHART", "id": "CHART-1", "children": [], "meta": {"chartId": 1, "uuid": CHART, "width": 4, "height": 50}}
    files = {
        "metadata.yaml": {"timestamp": "2026-11-30T00:00:00+00:00"},
        "databases/school.yaml": {"uuid": DATABASE, "database_name": "School", "sqlalchemy_uri": f"sqlite:///{word}.db", "extra": {}},
        "datasets/school/scores.yaml": {
            "uuid": DATASET,
            "database_uuid": DATABASE,
            "table_name": "scores",
            "columns": [],
            "metrics": [{"metric_name": "score", "expression": f"max({word}_score)"}],
        },
        "charts/score.yaml": {
            "uuid": CHART,
            "dataset_uuid": DATASET,
            "slice_name": f"Score of the {word} survey",
            "viz_type": "big_number_total",
            "params": {"viz_type": "big_number_total", "metric": "score"},
        },
        "dashboards/scores.yaml": {
            "uuid": BOARD,
            "dashboard_title": f"The {word} survey",
            "metadata": {},
            "position": {
                "DASHBOARD_VERSION_KEY": "v2",
                "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
                "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": ["ROW-1"]},
                "ROW-1": {"type": "ROW", "id": "ROW-1", "children": ["CHART-1"], "meta": {}},
                "CHART-1": box,
            },
        },
    }
    with zipfile.ZipFile(f"{word}.zip", "w") as made:
        for name, content in files.items():
            made.writestr(f"export/{name}", json.dumps({"version": "1.0.0"} | content))  # JSON is YAML


def command(word):
    export(word)
    done = subprocess.run(["venv/bin/superset", "import-dashboards", "-p", f"{word}.zip", "-u", "admin"], capture_output=True, text=True)
    said = [line for line in (done.stdout + done.stderr).splitlines() if ":ERROR:" in line or ":WARNING:superset" in line]
    return done.returncode, said


def assets(word):
    with contextlib.redirect_stdout(sys.stderr):
        client = create_app().test_client()
    login = {"username": "admin", "password": "made-up", "provider": "db"}
    headers = {"Authorization": "Bearer " + client.post("/api/v1/security/login", json=login).get_json()["access_token"]}
    headers["X-CSRFToken"] = client.get("/api/v1/security/csrf_token/", headers=headers).get_json()["result"]
    with open(f"{word}.zip", "rb") as file:
        return client.post("/api/v1/assets/import/", data={"bundle": (file, f"{word}.zip")}, headers=headers).status_code


def there():
    wanted = (("dashboards", "dashboard_title"), ("dbs", "sqlalchemy_uri"), ("sql_metrics", "expression"), ("slices", "slice_name"))
    with sqlite3.connect("superset.db") as connection:
        return [row for table, column in wanted for (row,) in connection.execute(f"SELECT {column} FROM {table}")]


def parts(word, of_the_rest):
    return [f"The {word} survey", f"sqlite:///{of_the_rest}.db", f"max({of_the_rest}_score)", f"Score of the {of_the_rest} survey"]


seen = []
for title, way, word in (
    ("import-dashboards, new", command, "first"),
    ("import-dashboards, again", command, "second"),
    ("assets/import/, the same", assets, "second"),
):
    answer = way(word)
    seen.append((answer, there()))
    print(f"Superset 6.1.0, {title}: {answer}, then {seen[-1][1]}")
assert seen[0] == ((0, []), parts("first", "first")), f"changed: {seen[0]}"
assert seen[1] == ((0, []), parts("second", "first")), f"changed: {seen[1]}"
assert seen[2] == (200, parts("second", "second")), f"changed: {seen[2]}"
PY
venv/bin/python look.py 2>>log
