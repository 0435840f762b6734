"""The names that shops give to our columns and event types."""

import re
from collections.abc import Iterable

# The first that a file has is taken. In lower case, without what is no letter or digit.
COLUMN_NAMES = {
    "event_time": (
        *("eventtime", "eventtimestamp", "timestamp", "ts", "time", "datetime", "eventdatetime"),
        *("createdat", "occurredat", "processedat", "servertime", "clienttime", "eventat"),
        *("timestampms", "timestamputc", "timeutc", "loggedat", "orderdate", "invoicedate", "date"),
    ),
    "event_type": (
        *("eventtype", "event", "eventname", "action", "behavior", "behaviour", "behaviortype"),
        *("behaviourtype", "eventaction", "activity", "actiontype", "interaction", "type"),
    ),
    "product_id": (
        *("productid", "itemid", "itemsitemid", "itemitemid", "lineitemsku", "sku", "productsku"),
        *("itemsku", "item", "product", "articleid", "article", "variantid", "asin", "stockcode"),
        *("goodsid", "listingid"),
    ),
    "category_id": ("categoryid", "itemcategoryid", "productcategoryid", "catid"),
    "category_code": (
        *("categorycode", "category", "categoryname", "itemcategory", "itemsitemcategory"),
        *("productcategory", "categorypath", "producttype"),
    ),
    "brand": ("brand", "brandname", "itembrand", "itemsitembrand", "vendor", "manufacturer"),
    "price": (
        *("price", "unitprice", "itemprice", "itemsprice", "lineitemprice", "productprice"),
        *("priceusd", "priceeur", "itempriceusd", "amount"),
    ),
    "user_id": (
        *("userid", "visitorid", "customerid", "userpseudoid", "clientid", "uid", "user"),
        *("visitor", "customer", "buyerid", "memberid", "accountid", "email", "customeremail"),
        *("deviceid", "anonymousid", "cookieid", "fullvisitorid"),
    ),
    "user_session": (
        *("usersession", "sessionid", "session", "gasessionid", "visitid", "sessionkey", "sid"),
    ),
    "quantity": ("quantity", "qty", "lineitemquantity", "itemquantity", "itemsquantity"),
    "currency": ("currency", "currencycode"),
}
EVENT_TYPES = {
    "view": (
        *("view", "views", "pageview", "productview", "viewproduct", "viewitem", "itemview"),
        *("productviewed", "viewedproduct", "itemviewed", "viewcontent", "detail", "detailview"),
        *("productdetail", "pv", "click", "productclick"),
    ),
    "cart": (
        *("cart", "addtocart", "addcart", "cartadd", "addedtocart", "productadded", "basket"),
        *("addtobasket", "itemadded", "addtobag"),
    ),
    "purchase": (
        *("purchase", "purchased", "transaction", "buy", "bought", "order", "ordered", "sale"),
        *("ordercompleted", "orderplaced", "checkoutcompleted", "productpurchased"),
        *("completepurchase", "orderpaid"),
    ),
    "remove_from_cart": (
        *("removefromcart", "cartremove", "removecart", "removedfromcart", "productremoved"),
        *("removefrombasket", "itemremoved", "removefrombag"),
    ),
}
# What a file's own name says of all its rows, where it has no column for it.
FILE_WORDS = {
    "purchase": r"order|purchase|buy|bought|sale|transaction|invoice",
    "cart": r"cart|basket",
    "view": r"click|view|impression",
}
# Of time, type, product, and user or session: values may show the one that is not known by name.
_LEAST_KNOWN = 3
_TYPE_OF = {known: ours for ours, names in EVENT_TYPES.items() for known in names}


def bare(name: str) -> str:
    """A name in lower case, without what is no letter or digit."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def known_as(names: Iterable[str], column: str) -> list[str]:
    """Those of a file's columns that a column of ours often goes by, the likeliest first."""
    usual = COLUMN_NAMES[column]
    found = [(usual.index(key), name) for name in names if (key := bare(name)) in usual]
    # By its own name first, in any case.
    found = [(-1 if name.strip().lower() == column else at, name) for at, name in found]
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]


def could_be_ours(names: list[str]) -> bool:
    """Whether these names, or the values in their place, are of a file that `inspect` may map."""
    if len(names) == 1:
        names = re.split(r"[,;\t|]", names[0])
    parts = ("event_time",), ("event_type",), ("product_id",), ("user_id", "user_session")
    known = sum(any(known_as(names, column) for column in part) for part in parts)
    # Without a header the first row stands there.
    is_row = not known and len(names) > 2 and any(re.match(r"\s*\d", name) for name in names)
    return is_row or known >= _LEAST_KNOWN


def event_type_of(value: str) -> str | None:
    """The event type of ours that a delivered one is known to mean; None for another."""
    return _TYPE_OF.get(bare(value))


def type_by_name(file: str) -> str | None:
    """The event type that a file's name says all its rows are of, where it says just one."""
    said = [ours for ours, words in FILE_WORDS.items() if re.search(words, file.lower())]
    return said[0] if len(said) == 1 else None
