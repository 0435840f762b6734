"""Which products, brands, categories and prices bring the revenue."""

from dashboard.blocks import Page
from dashboard.screens.products import baskets, explorer, group, prices, product, sellers

PAGE = Page(
    "Products",
    "products",
    (sellers.PART, prices.PART, baskets.PART, explorer.PART, group.PART, product.PART),
)
