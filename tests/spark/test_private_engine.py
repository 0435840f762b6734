"""Nobody else who has an account on the machine gets at the ports of Spark."""

import os
import subprocess
import sys

from shopstream.run.engines import spark_settings
from tests.helpers.warehouse import PROJECT

ASKS = """
import os
from pyspark.sql import SparkSession
from shopstream.run.engines import spark_settings
builder = SparkSession.builder
for name, value in spark_settings(os.environ).items():
    builder = builder.config(name, value)
security = builder.getOrCreate()._jvm.org.apache.spark.SparkEnv.get().securityManager()
print("secret", security.isAuthenticationEnabled() and len(security.getSecretKey()) > 20)
"""


def test_the_ports_of_spark_need_a_secret(tmp_path):
    environment = os.environ | {"SHOPSTREAM_WAREHOUSE": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", ASKS],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "secret True" in ran.stdout, ran.stderr


def test_a_server_has_the_same_settings():
    assert spark_settings({})["spark.authenticate"] == "true"
