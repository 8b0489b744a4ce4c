#!/usr/bin/env bash
# Apache Superset 6.1.0: installed as its metadata asks, it does not start, and its message about a missing package sends to the address.
#
# With the newest versions that its metadata allowed in November 2026, `pip check` finds nothing broken. Every command fails for `rich`,
# which is not declared. With that, Flask-Caching 2.5.1 (allowed: below 3) breaks the start with a TypeError; 2.4.1 does not. Then it
# runs and refuses every database, an SQLite file too, because `cachetools` is not declared either: a new one with "Connection failed,
# please check your connection settings", an import with "failed for an unknown reason".
# For a warehouse: whoever follows "pip install" looks for the fault in their address, their file or the warehouse's export.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
# Each dependency is named, so that they are the same later.
venv/bin/pip install --quiet --disable-pip-version-check --no-deps \
  alembic==1.19.2 amqp==5.4.2 annotated-types==0.8.0 apache-superset==6.1.0 apache-superset-core==0.1.0 apispec==6.10.1 \
  apsw==3.54.1.0 attrs==26.1.0 babel==2.19.0 backoff==2.2.1 backports-zstd==1.8.0 bcrypt==5.0.0 billiard==4.3.2 blinker==1.9.0 \
  bottleneck==1.6.0 brotli==1.2.1 cachelib==0.17.0 cattrs==26.2.1 celery==5.7.0 certifi==2026.10.19.post1 cffi==2.1.1 \
  charset-normalizer==3.5.3 click==8.5.1 click-didyoumean==0.3.1 click-option-group==0.5.10 click-plugins==1.1.1.2 \
  click-repl==0.4.1 colorama==0.4.6 cron-descriptor==2.2.1 croniter==7.0.0 cryptography==46.0.7 defusedxml==0.7.1 \
  deprecated==1.3.1 deprecation==2.1.0 dnspython==2.9.2 email-validator==2.4.0 et-xmlfile==2.0.0 flask==3.1.3 \
  flask-appbuilder==5.3.0 flask-babel==4.0.0 flask-caching==2.5.1 flask-compress==1.25 flask-cors==6.0.5 flask-jwt-extended==4.7.4 \
  flask-limiter==4.1.1 flask-login==0.6.3 flask-migrate==3.1.0 flask-session==0.8.0 flask-sqlalchemy==3.0.5 flask-talisman==1.1.0 \
  flask-wtf==1.3.0 geographiclib==2.1 geopy==2.5.0 google-auth==2.63.0 greenlet==3.1.1 gunicorn==27.0.1 h11==0.16.0 hashids==1.3.1 \
  holidays==0.109 humanize==4.17.0 idna==3.20 invoke==3.0.3 isodate==0.7.2 itsdangerous==2.2.0 jinja2==3.1.6 jsonpath-ng==1.16.0 \
  jsonschema==4.26.0 jsonschema-specifications==2025.9.1 kombu==5.7.0 limits==5.8.0 mako==1.4.3 markdown==3.11.3 markupsafe==3.0.4 \
  marshmallow==3.26.2 marshmallow-sqlalchemy==1.5.0 marshmallow-union==0.1.15.post1 msgpack==1.0.8 msgspec==0.23.0 nh3==0.2.22 \
  numpy==1.26.4 odfpy==1.4.1 openpyxl==3.1.5 ordered-set==4.1.0 outcome==1.3.0.post0 packaging==26.4 pandas==2.1.4 paramiko==5.1.0 \
  parsedatetime==2.6 pgsanity==0.3.0 pillow==12.3.0 platformdirs==4.14.9 polyline==2.0.4 prison==0.2.1 prompt-toolkit==3.0.53 \
  pyarrow==18.1.0 pyasn1==0.6.5 pyasn1-modules==0.4.2 pycparser==3.12 pydantic==2.14.4 pydantic-core==2.50.5 pygeohash==3.5.1 \
  pyjwt==2.15.1 pynacl==1.6.2 pyopenssl==26.2.0 pyparsing==3.3.3 pysocks==1.7.1 python-dateutil==2.9.0.post0 python-dotenv==1.2.4 \
  pytz==2026.6 pyxlsb==1.0.10 pyyaml==6.0.4 redis==5.3.1 referencing==0.37.0 requests==2.34.2 requests-cache==1.3.3 \
  rpds-py==2026.9.1 selenium==4.51.0 shillelagh==1.4.5 simplejson==4.3.0 six==1.17.0 slack-sdk==3.48.0 sniffio==1.3.1 \
  sortedcontainers==2.4.0 sqlalchemy==1.4.54 sqlalchemy-utils==0.42.1 sqlglot==28.10.1 sshtunnel==0.4.0 tabulate==0.10.0 \
  trio==0.35.0 trio-websocket==0.12.2 typing-extensions==4.16.0 typing-inspection==0.4.5 tzdata==2026.6 tzlocal==5.4.5 \
  url-normalize==3.1.0 urllib3==2.8.0 vine==5.1.0 watchdog==7.1.0 wcwidth==0.9.4 websocket-client==1.9.2 werkzeug==3.1.9 \
  wrapt==2.5.2 wsproto==1.3.2 wtforms==3.3.2 wtforms-json==0.3.5 xlrd==2.0.2 xlsxwriter==3.0.9

export FLASK_APP=superset SUPERSET_HOME="$folder" SUPERSET_CONFIG_PATH="$folder/superset_config.py"
cat >superset_config.py <<'PY'
import os

SECRET_KEY = "made up for this script, of no use elsewhere"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
PREVENT_UNSAFE_DB_CONNECTIONS = False  # lets it take SQLite files as databases
PY

step() { # step NAME COMMAND…: keep what the command says and its exit code
  local name=$1 code=0
  shift
  "$@" >"$name.log" 2>&1 || code=$?
  echo "$code" >"$name.code"
}
cat >send.py <<'PY'
"""What Superset answers to a new database, and to an import of one."""
import io
import json
import zipfile

from superset.app import create_app

client = create_app().test_client()
login = {"username": "admin", "password": "made-up", "provider": "db"}
headers = {"Authorization": "Bearer " + client.post("/api/v1/security/login", json=login).get_json()["access_token"]}
headers["X-CSRFToken"] = client.get("/api/v1/security/csrf_token/", headers=headers).get_json()["result"]
address = {"database_name": "School", "sqlalchemy_uri": "sqlite:///school.db"}
added = client.post("/api/v1/database/", json=address, headers=headers)
bundle = io.BytesIO()
with zipfile.ZipFile(bundle, "w") as made:
    made.writestr("export/metadata.yaml", json.dumps({"version": "1.0.0", "timestamp": "2026-11-30T00:00:00+00:00"}))
    database = address | {"database_name": "Other", "version": "1.0.0", "extra": {}, "uuid": "00000000-0000-4000-8000-000000000001"}
    made.writestr("export/databases/other.yaml", json.dumps(database))
bundle.seek(0)
imported = client.post("/api/v1/assets/import/", data={"bundle": (bundle, "export.zip")}, headers=headers)
answer = imported.get_json()
print(added.status_code, added.get_json().get("message", "added"))
print(imported.status_code, answer.get("message") or answer["errors"][0]["message"])
PY

step check venv/bin/pip check
step as-declared venv/bin/superset db upgrade
venv/bin/pip install --quiet --disable-pip-version-check --no-deps rich==15.0.0 markdown-it-py==4.3.0 mdurl==0.1.2 pygments==2.21.0
step with-rich venv/bin/superset db upgrade
venv/bin/pip install --quiet --disable-pip-version-check --no-deps flask-caching==2.4.1
step with-older-caching venv/bin/superset db upgrade
venv/bin/superset fab create-admin --username admin --firstname A --lastname B --email admin@example.org --password made-up >>log 2>&1
venv/bin/superset init >>log 2>&1
step without-cachetools venv/bin/python send.py
venv/bin/pip install --quiet --disable-pip-version-check --no-deps cachetools==8.0.2
step with-cachetools venv/bin/python send.py

venv/bin/python - <<'PY'
from pathlib import Path


def seen(name, lines=1):
    code, said = int(Path(f"{name}.code").read_text()), Path(f"{name}.log").read_text().splitlines()
    said = [line for line in said if line[:4] in ("200 ", "201 ", "422 ", "500 ")] if lines == 2 else said[-1:]
    print(f"Superset 6.1.0, {name}: exit code {code}, {said}")
    return code, said


assert seen("check") == (0, ["No broken requirements found."]), "changed: pip check"
assert seen("as-declared") == (1, ["ModuleNotFoundError: No module named 'rich'"]), "changed: without rich"
code, said = seen("with-rich")
assert code == 1 and said[0].startswith("TypeError: ") and "ignore_delete_many_errors" in said[0], "changed: Flask-Caching 2.5.1"
assert seen("with-older-caching")[0] == 0, "changed: Flask-Caching 2.4.1"
refused = ["422 Connection failed, please check your connection settings", "500 Import failed for an unknown reason"]
assert seen("without-cachetools", 2) == (0, refused), "changed: without cachetools"
assert "No module named 'cachetools'" in Path("without-cachetools.log").read_text(), "changed: the log"
assert seen("with-cachetools", 2) == (0, ["201 added", "200 OK"]), "changed: with cachetools"
PY
