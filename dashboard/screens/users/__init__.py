"""Who brings the revenue, who comes back."""

from dashboard.blocks import Page
from dashboard.screens.users import customer, loyalty, sessions, value

PAGE = Page("Visitors", "users", (value.PART, loyalty.PART, sessions.PART, customer.PART))
