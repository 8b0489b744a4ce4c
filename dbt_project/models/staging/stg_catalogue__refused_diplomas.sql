select diploma_id
from {{ source('catalogue', 'refused_diplomas') }}
