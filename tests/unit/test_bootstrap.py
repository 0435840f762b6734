"""Set-up: what it says when something is missing. Nothing here needs the network."""

import hashlib
import shutil

import pytest

from shopstream import bootstrap
from shopstream.bootstrap import SetupError


def fake_program(path, printed: str, code: int = 0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_no_java_names_the_package_to_install(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="no Java found.*apt install openjdk-17"):
        bootstrap.check_java()


@pytest.mark.parametrize(("version", "fits"), [("1.8.0_392", 0), ("11.0.2", 0), ("17.0.15", 1)])
def test_java_must_be_17_or_later(monkeypatch, tmp_path, version, fits):
    fake_program(tmp_path / "bin" / "java", f'openjdk version "{version}"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if fits:
        bootstrap.check_java()
    else:
        with pytest.raises(SetupError, match="too old.*JAVA_HOME is set to"):
            bootstrap.check_java()


def test_an_unsupported_python_is_named(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(SetupError, match="3.11 to 3.13"):
        bootstrap.check_python()


def test_too_little_space_says_how_much_is_needed(monkeypatch):
    monkeypatch.setattr(bootstrap, "FREE_GB_NEEDED", 10**9)
    with pytest.raises(SetupError, match="GB free in .* are needed"):
        bootstrap.check_space()


def test_no_virtual_environments_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(
        bootstrap.sys, "executable", str(fake_program(tmp_path / "python", "no", 1))
    )
    with pytest.raises(SetupError, match=r"apt install python3\.\d+-venv"):
        bootstrap.install_python()


def test_a_failing_pip_says_its_last_error_and_where_the_log_is(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "STAMPS", tmp_path)
    python = fake_program(tmp_path / "python", "ERROR: no connection", 1)
    with pytest.raises(SetupError, match="ERROR: no connection.*network.*pip.log"):
        bootstrap.pip(python, "x")


def jar_source(monkeypatch, tmp_path, sha256: str) -> None:
    """A project of one jar, `a.jar`, on a mirror that is a folder."""
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "a.jar").write_bytes(b"jar")
    (tmp_path / "jars.lock").write_text(f"# comment\n{sha256}  a.jar\n")
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "JARS", tmp_path / "jars")
    monkeypatch.setattr(bootstrap, "MAVEN", (tmp_path / "mirror").as_uri())


def test_jars_are_fetched_once_and_checked(monkeypatch, tmp_path):
    jar_source(monkeypatch, tmp_path, hashlib.sha256(b"jar").hexdigest())
    bootstrap.fetch_jars()
    (tmp_path / "mirror" / "a.jar").unlink()
    bootstrap.fetch_jars()
    assert (tmp_path / "jars" / "a.jar").read_bytes() == b"jar"


def test_a_jar_with_another_hash_is_not_installed(monkeypatch, tmp_path):
    jar_source(monkeypatch, tmp_path, "0" * 64)
    with pytest.raises(SetupError, match="sha256 differs"):
        bootstrap.fetch_jars()
    assert list((tmp_path / "jars").iterdir()) == []


def test_no_network_says_so(monkeypatch, tmp_path):
    jar_source(monkeypatch, tmp_path, hashlib.sha256(b"jar").hexdigest())
    (tmp_path / "mirror" / "a.jar").unlink()
    with pytest.raises(SetupError, match="first set-up needs the network.*SHOPSTREAM_MAVEN"):
        bootstrap.fetch_jars()


def test_a_step_runs_again_only_when_its_inputs_change(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMPS", tmp_path / "stamps")
    product, made = tmp_path / "product", []

    def make():
        made.append(1)
        product.touch()

    (tmp_path / "input").write_text("a")
    for _ in range(2):
        bootstrap.step("s", ["input"], product, make)
    assert len(made) == 1
    (tmp_path / "input").write_text("b")
    bootstrap.step("s", ["input"], product, make)
    assert len(made) == 2


def test_the_stand_in_is_installed_and_named_when_the_hub_is_out_of_reach(
    monkeypatch, tmp_path, capsys
):
    fake_program(tmp_path / "venv" / "bin" / "dbt", "no route", 1)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "PACKAGES", tmp_path / "dbt_packages")
    bootstrap.install_dbt_packages()
    assert (tmp_path / "dbt_packages" / "dbt_utils" / "dbt_project.yml").exists()
    assert "stand-in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "named", "wanted"),
    [
        (None, "sail", False),
        (None, "embedded", True),
        ("sail", "embedded", False),
        ("cluster", "sail", True),
    ],
)
def test_spark_is_fetched_where_the_environment_or_else_the_profile_asks_for_it(
    monkeypatch, tmp_path, asked, named, wanted
):
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    (tmp_path / "profiles.yml").write_text(f"shopstream:\n  target: {named}\n  outputs: {{}}\n")
    monkeypatch.delenv("DBT_TARGET", raising=False)
    if asked:
        monkeypatch.setenv("DBT_TARGET", asked)
    assert bootstrap.wants_spark() == wanted


def test_a_fresh_clone_needs_no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("DBT_TARGET", raising=False)
    shutil.copy(bootstrap.PROJECT / "profiles.yml.example", tmp_path)
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    assert not bootstrap.wants_spark()


def test_heap_is_an_eighth_of_the_machine_within_bounds(monkeypatch):
    for gigabytes, heap in [(2, 1024), (8, 1024), (24, 3072), (256, 8192)]:
        pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": gigabytes * 2**30 // 4096}
        monkeypatch.setattr(bootstrap.os, "sysconf", pages.get)
        assert bootstrap.spark_memory_mb() == heap


def test_a_jar_that_was_changed_is_replaced(monkeypatch, tmp_path):
    """Also one of a set-up that was whole once, and one that nobody named goes."""
    jar_source(monkeypatch, tmp_path, hashlib.sha256(b"jar").hexdigest())
    bootstrap.fetch_jars()
    (tmp_path / "jars" / "a.jar").write_bytes(b"changed")
    (tmp_path / "jars" / "b.jar").write_bytes(b"another")
    bootstrap.fetch_jars()
    assert [(f.name, f.read_bytes()) for f in (tmp_path / "jars").iterdir()] == [("a.jar", b"jar")]


def test_another_package_than_the_locked_one_is_refused(monkeypatch, tmp_path):
    """The hub gives what it has; packages.lock says what was looked at."""
    dbt = tmp_path / "venv" / "bin" / "dbt"
    dbt.parent.mkdir(parents=True)
    package = tmp_path / "dbt_packages" / "dbt_utils"
    dbt.write_text(
        f"#!/bin/sh\nmkdir -p {package}/macros\necho x > {package}/dbt_project.yml\n"
        f"echo x > {package}/macros/a.sql\n"
    )
    dbt.chmod(0o755)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "PACKAGES", tmp_path / "dbt_packages")
    with pytest.raises(bootstrap.SetupError, match="another dbt_utils than packages.lock names"):
        bootstrap.install_dbt_packages()
    assert not package.exists()
    held = bootstrap.PACKAGES / "held"
    (held / "macros").mkdir(parents=True)
    (held / "dbt_project.yml").write_text("x\n")
    (held / "macros" / "a.sql").write_text("x\n")
    sha256 = bootstrap.sha256_of_package(held)
    monkeypatch.setattr(bootstrap, "locked_lines", lambda _: [f"{sha256}  dbt_utils"])
    bootstrap.install_dbt_packages()
    assert package.exists()
