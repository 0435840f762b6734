"""What people are told of a failure: one line of it, and no stack trace."""

import pytest

from shopstream.run.dbt import IS_OF_A_STACK_TRACE
from shopstream.run.results import in_a_line

# As dbt prints what Spark says of a disk that is full; frames left out.
DISK_FULL = """\
Runtime Error in model stg_rows (models/staging/stg_rows.sql)
  An error occurred while calling o72.sql.
  : org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows.
  \tat org.apache.spark.sql.Errors$.taskFailed(Errors.scala:843)
  \tat java.base/java.lang.Thread.run(Thread.java:840)
  \tSuppressed: java.io.IOException: No space left on device
  \t\tat java.base/java.io.FileOutputStream.writeBytes(Native Method)
  \t\t... 43 more
  Caused by: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows.
  \t... 42 more
  Caused by: org.apache.hadoop.fs.FSError: java.io.IOException: No space left on device
  \t... 42 more
"""


def test_stack_traces_are_left_out_and_words_are_not():
    kept = [line for line in DISK_FULL.splitlines() if not IS_OF_A_STACK_TRACE(line)]
    assert kept == DISK_FULL.splitlines()[:3]
    for words in ["10:00:00  1 of 40 START sql table model", "  at last", "... 3 more", ""]:
        assert not IS_OF_A_STACK_TRACE(words)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (DISK_FULL, "No space left on device"),
        ("Got 3 results, configured to fail if != 0", "Got 3 results, configured to fail if != 0"),
        ("Database Error in model x (x.sql)\n  [DIVIDE] By: zero.\n", "[DIVIDE] By: zero."),
        (
            "Runtime Error in model x (x.sql)\n  An error occurred while calling o7.sql.\n"
            "  : org.apache.spark.SparkRuntimeException: [USER_RAISED] injected\n  \tat x.Y(Z)",
            "[USER_RAISED] injected",
        ),
        ("Runtime Error in model x (x.sql)", "Runtime Error in model x (x.sql)"),
        ("", ""),
    ],
)
def test_a_failure_in_a_line(message, words):
    assert in_a_line(message) == words
