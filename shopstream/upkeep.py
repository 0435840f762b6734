"""Upkeep of what the project stands on: what is outdated, under which licence, known to be unsafe.

For maintainers: `python -m shopstream.upkeep outdated`, `licences` or `audit`.

pip, pip-licenses and pip-audit know; here their answers are put in order. The jars they know
nothing of are jars.lock's.
"""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import click

from shopstream.bootstrap import MAVEN, PROJECT
from shopstream.errors import ShopstreamError
from shopstream.people.plain_errors import PlainErrors, prepare

LOCKS = [PROJECT / "requirements.lock", PROJECT / "spark.lock"]
JARS_LOCK = PROJECT / "jars.lock"
# Not installed everywhere: set-up fetches Spark on request, and it takes its client's place.
SPARK = {"pyspark", "pyspark-client", "delta-spark", "py4j"}
LICENCES = PROJECT / "docs" / "reference" / "licences.md"
HEAD = """# Licences of what shopstream stands on

Written by `python -m shopstream.upkeep licences` from the metadata of packages; a test holds it
current.
UNKNOWN: the metadata say nothing. axe-playwright-python holds the text of the MIT licence.

"""
# What their metadata and poms say.
TAIL = """
pyspark, pyspark-client, delta-spark and the jars of `jars.lock`: Apache-2.0; py4j: BSD License.
"""


class UpkeepError(ShopstreamError):
    """The index could not be asked; the message says so in plain words."""


def newer_versions() -> list[tuple[str, str, str]]:
    """Locked packages and jars of which there is a newer version: name, version held, newest."""
    # Where there is no index, pip finds nothing outdated, and this here fails.
    _ask("pip", "index", "versions", "pip", "--retries=0")
    listed = _ask("pip", "list", "--outdated", "--format=json", "--disable-pip-version-check")
    locked = _locked()
    packages = [
        (package["name"], package["version"], package["latest_version"])
        for package in json.loads(listed)
        if re.sub(r"[-_.]+", "-", package["name"].lower()) in locked
    ]
    return packages + _outdated_jars()


def _locked() -> set[str]:
    """Names of the locked packages."""
    locks = "".join(lock.read_text() for lock in LOCKS)
    return set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", locks, re.MULTILINE))


def _outdated_jars() -> list[tuple[str, str, str]]:
    found = []
    for line in JARS_LOCK.read_text().splitlines():
        if line.startswith("#"):
            continue
        folder, held, _ = line.split()[1].rsplit("/", 2)
        try:
            with urllib.request.urlopen(f"{MAVEN}/{folder}/maven-metadata.xml", timeout=60) as page:
                newest = re.search(r"<release>(.*?)</release>", page.read().decode()).group(1)
        except OSError as error:
            raise UpkeepError(f"the index of jars can't be asked: {error}") from None
        if newest != held:
            found.append((Path(folder).name, held, newest))
    return found


def licences_page() -> str:
    """The page that lists the locked packages with their licences."""
    options = ["--from=mixed", "--with-system", "--packages", *sorted(_locked() - SPARK)]
    table = _ask("piplicenses", *options, "--format=markdown")
    return HEAD + re.sub("-{3,}", "---", re.sub(" {2,}", " ", table)) + TAIL


def vulnerabilities() -> tuple[list[str], int]:
    """Known ones of the locked packages, in words; how many packages the index could judge."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json"]
    options += [word for lock in LOCKS for word in ("-r", str(lock))]
    judged = [
        package
        for package in json.loads(_ask("pip_audit", *options))["dependencies"]
        if "skip_reason" not in package
    ]
    words = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in "
        f"{', '.join(fault['fix_versions']) or 'no version yet'}"
        for package in judged
        for fault in package["vulns"]
    ]
    return words, len(judged)


def _ask(module: str, *arguments: str) -> str:
    """What a tool of this environment prints; UpkeepError when it printed nothing."""
    ran = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)
    if not ran.stdout.strip():
        last = (ran.stderr.strip().splitlines() or ["no answer"])[-1]
        raise UpkeepError(f"the package index can't be asked: {last}")
    return ran.stdout


@click.group(cls=PlainErrors)
@click.pass_context
def main(context: click.Context) -> None:
    """What maintainers of shopstream look after."""
    prepare(context)


@main.command()
def outdated() -> None:
    """List the locked packages and jars of which there is a newer version."""
    for name, held, newest in newer_versions():
        click.echo(f"{name:32}{held:16}{newest}")


@main.command()
def licences() -> None:
    """Write docs/reference/licences.md: all dependencies with their licences."""
    LICENCES.write_text(licences_page())


@main.command()
def audit() -> None:
    """Look the locked packages up in the index's list of known vulnerabilities."""
    words, judged = vulnerabilities()
    for line in words:
        click.echo(line)
    if not judged:
        click.echo("NOT RUN: the vulnerability scan, the package index has no such list")
    else:
        click.echo(f"{len(words)} known vulnerabilities in {judged} packages")
    sys.exit(1 if words else 0)


if __name__ == "__main__":
    main()
