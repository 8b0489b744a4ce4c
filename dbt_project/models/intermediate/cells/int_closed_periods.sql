{# The periods that close with this build, of all marts: over by as_of, and not yet in the ledger of an earlier release. #}
{{ closing_periods() }}
