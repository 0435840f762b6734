"""Two small files, and what tests do with a warehouse that has loaded them."""

from shopstream import config
from tests.helpers.warm import WarmWarehouse

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
)
# The id of the user who is erased is long: by chance it stands in no time, size or name of a file.
FIRST = """\
2019-10-01 10:00:00 UTC,view,1,5,a.b,acme,10.00,7101,s1
2019-10-01 10:01:00 UTC,purchase,1,5,a.b,acme,20000,7101,s1
2019-10-01 23:59:00 UTC,view,2,5,a.b,acme,20.00,7102,s2
2019-10-02 00:01:00 UTC,cart,2,5,a.b,acme,20.00,7102,s2
2019-10-03 12:00:00 UTC,view,3,6,,,1.00,571810233,s3
,view,3,6,,,1.00,571810233,s3
2019-10-03 12:00:00 UTC,view,3,6,,,bad,571810233,s3
2131-10-03 12:00:00 UTC,view,3,6,,,1.00,571810233,s3
"""
# The first row is that of FIRST under a smaller session: it survives there.
SECOND = """\
2019-10-01 10:00:00 UTC,view,1,5,a.b,acme,10.00,7101,s0
2019-10-02 11:00:00 UTC,purchase,4,5,a.b,other,5.00,7104,s4
2019-10-04 11:00:00 UTC,view,4,5,a.b,other,5.00,7104,s4
2019-10-04 11:00:00 UTC,view,4,5,a.b,other,5.00,7104,s4,too,many,72d7-571810233-aa
"""
FILES = {"first.csv": FIRST, "second.csv": SECOND}


def rebuilt(warm: WarmWarehouse, **variables) -> dict:
    warm.wipe()
    warm.build(**variables)
    return warm.marts()


def default_time(text: str) -> dict:
    return {**config.rules()["null_defaults"], "event_time": text}
