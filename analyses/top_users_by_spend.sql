-- Who spends most? User -999999 is no person.
select
    user_id,
    total_spent,
    total_purchases,
    total_sessions
from {{ ref('dim_users') }}
where not is_anonymous
order by total_spent desc, user_id asc
limit 5
