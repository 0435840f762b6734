"""Nobody else who has an account on the machine gets at an engine's ports."""

from pyspark.sql import SparkSession

from shopstream.profile import spark_settings


def test_the_ports_of_spark_need_a_secret(session):
    session.start()
    session.dbt("run-operation", "has_a_catalogue")
    environment = SparkSession.builder.getOrCreate()._jvm.org.apache.spark.SparkEnv.get()
    security = environment.securityManager()
    assert security.isAuthenticationEnabled() and security.getSecretKey()


def test_a_server_has_the_same_settings():
    assert spark_settings({})["spark.authenticate"] == "true"
