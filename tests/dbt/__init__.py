"""The project as dbt reads it: conventions, unit tests of models, what a change selects."""
