"""The tests, a folder a kind; each test is marked by its folder."""
