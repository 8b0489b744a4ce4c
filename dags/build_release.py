"""Whenever a source was loaded, and daily: build, gate and publish one release."""

from anonymart_airflow.factory import release_dag

dag = release_dag(
    hour="05:00",
    doc_md="""
### Builds, gates and publishes a release

`build` runs dbt once and exports a candidate. `gate` lets Great Expectations read the candidate's very files.
`publish` commits the new cells to the vault's ledger and swaps `releases/current`. With no newly closed
period there is nothing new to publish, and `publish` is skipped.

It is woken by any asset of the vault, takes all that is pending, and runs daily at 05:00 Paris in any case.

A request that comes between two tasks supersedes the candidate: the next task builds and gates it again
first.

**Why it retries.** The files may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A gate that says no is final: it fails at once, `current` stays, and
the log names mart, column and kind.

**How to restart it.** Clear `build`: it finishes or removes what a killed run left and goes on from there. A
refused candidate lies in `releases/.refused-<id>` with its `data_docs/`. For another day: `{"as_of":
"YYYY-MM-DD"}`. A day that lies far ahead of the data fails `build` with what to type; `"force_as_of": true`
lets it pass.

**By hand.** `anonymart run --as-of YYYY-MM-DD`
""",
)
