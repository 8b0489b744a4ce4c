-- A view on the vault that keeps nothing: what names a person must never pass for a code.
select distinct lower(known_text) as known_text
from (
    select regexp_extract(identifier, '[^|]*$', 0) as known_text
    from {{ source('register', 'identities') }}
    where kind = 'account'
    union all
    select substr(identifier, instr(identifier, ':') + 1) as known_text
    from {{ source('register', 'identities') }}
    where kind != 'account'
) as texts
where known_text is not null
