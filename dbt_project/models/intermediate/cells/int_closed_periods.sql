{# The periods that close with this build, of all marts: over by as_of, in the ledger of no earlier release. #}
{{ closing_periods() }}
