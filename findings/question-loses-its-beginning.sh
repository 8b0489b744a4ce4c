#!/usr/bin/env bash
# limepy 0.1.15 (LimeSurvey for Python): with strip_tags a question keeps only what stands behind its last tag.
#
# LimeSurvey stores questions as HTML, and a stressed word is common: "Would you <strong>not</strong> recommend us?". The parser
# keeps each piece of text over the one before, so the column is called "recommend us?": the opposite. A question without a tag
# inside comes whole, which is why a test does not show it.
# For a warehouse: a score is read as the answer to another question than the learner saw.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check limepy==0.1.15 pandas==2.3.3 numpy==2.3.5 xmltodict==1.0.4

venv/bin/python -W ignore - <<'PY'
import pandas
from limepy.wrangle import Survey

ASKED = "Would you <strong>not</strong> recommend us?"
STRUCTURE = f"""<?xml version="1.0" encoding="UTF-8"?>
<document><LimeSurveyDocType>Survey</LimeSurveyDocType><languages><language>en</language></languages>
<groups><rows><row><gid>1</gid><group_name>School</group_name><language>en</language></row></rows></groups>
<questions><rows>
<row><qid>1</qid><gid>1</gid><type>N</type><title>Q1</title><question><![CDATA[{ASKED}]]></question><help/><other>N</other>
<mandatory>Y</mandatory><language>en</language></row>
<row><qid>2</qid><gid>1</gid><type>N</type><title>Q2</title><question><![CDATA[Would you recommend us?]]></question><help/><other>N</other>
<mandatory>Y</mandatory><language>en</language></row>
</rows></questions></document>"""
answers = pandas.DataFrame({"Q1": [9, 0], "Q2": [1, 10]})
columns = Survey(answers, STRUCTURE, strip_tags=True).readable_df.columns.tolist()
print(f"asked:               {ASKED}")
print(f"limepy 0.1.15 reads: {columns}")
assert columns == [" recommend us?", "Would you recommend us?"], f"changed: {columns}"
PY
