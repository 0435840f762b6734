"""Set-up: everything a fresh clone needs, made once and checked in a second after that.

Runs on the system's own Python, before anything is installed: only the standard library here.
Each step leaves a stamp with the hash of its inputs in .setup/, so it is done again only when its
inputs change, and a set-up that was interrupted goes on where it stopped.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
JARS = PROJECT / ".jars"
STAMPS = PROJECT / ".setup"
PACKAGES = PROJECT / "dbt_packages"
STAND_IN = PROJECT / "packages" / "dbt_utils"
MAVEN = os.environ.get("SHOPSTREAM_MAVEN", "https://repo1.maven.org/maven2")
FREE_GB_NEEDED = 4
# What Spark, its class path, YAML or SQL would read as something else than a character of a path.
UNFIT = re.compile(r"""['"`\\{}\[\]*?:\x00-\x1f]""")


class SetupError(Exception):
    """What is missing and the command that mends it, in plain words."""


def main() -> int:
    """Bring the project folder into a state in which shopstream and dbt run; 0 when it is."""
    try:
        check_path()
        check_python()
        step("profile", ["profiles.yml.example"], PROJECT / "profiles.yml", write_profile)
        step(
            "python",
            ["requirements.lock", "pyproject.toml"],
            VENV / "bin" / "shopstream",
            install_python,
        )
        if wants_spark():
            check_java()
            step("spark", ["requirements.lock", "spark.lock"], VENV / "bin", install_spark)
            fetch_jars()
        step(
            "dbt_packages",
            ["packages.yml", "packages.lock", "packages/dbt_utils"],
            PACKAGES / "dbt_utils",
            install_dbt_packages,
        )
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    return 0


def target():
    """The target of dbt that is asked for, else the one of profiles.yml."""
    profiles = PROJECT / "profiles.yml", PROJECT / "profiles.yml.example"
    profile = next(p for p in profiles if p.exists()).read_text()
    return os.environ.get("DBT_TARGET") or re.search(r"^  target: (\w+)", profile, re.M)[1]


def wants_spark():
    """Whether that target runs on Spark; all do but one."""
    return target() != "sail"


def has_spark():
    """Whether Spark was set up beside Sail."""
    return (STAMPS / "spark").exists()


def step(name, inputs, product, make):
    """Run `make` unless `product` is there and was made from these very inputs."""
    stamp = STAMPS / name
    wanted = digest(inputs)
    if product.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    STAMPS.mkdir(exist_ok=True)
    make()
    stamp.write_text(wanted)


def digest(inputs):
    """sha256 over the contents of files and folders of the project, and the Python that runs."""
    found = hashlib.sha256(f"{sys.version_info[:2]} {PROJECT}".encode())
    for name in inputs:
        path = PROJECT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                found.update(file.read_bytes())
    return found.hexdigest()


def check_path():
    """Raise SetupError where the name of a folder above the project could not be written down."""
    if unfit := UNFIT.search(str(PROJECT)):
        raise SetupError(
            f"the folder {PROJECT} has {unfit.group()!r} in its path, which Spark takes for "
            "something else. Move the project to another folder, then run the same command again"
        )


def check_python():
    """Raise SetupError when this Python is not one that the lock file was made for."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SetupError(
            f"Python {sys.version.split()[0]} is not supported; 3.11 to 3.13 are. "
            "Install one (Debian: sudo apt install python3.11 python3.11-venv), "
            "then run: make PYTHON=python3.11 build"
        )


def check_java():
    """Raise SetupError when Spark would find no Java of version 17 or later."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    remedy = "Spark needs Java 17 or later. Install it: sudo apt install openjdk-17-jre-headless"
    if home:
        remedy += f" (JAVA_HOME is set to {home}: correct or unset it)"
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    except OSError:
        raise SetupError(f"no Java found. {remedy}") from None
    version = re.search(r'version "(?:1\.)?(\d+)', shown)
    if not version or int(version.group(1)) < 17:
        raise SetupError(f"Java is too old or unreadable ({shown.splitlines()[:1]}). {remedy}")


def install_python():
    """Make the virtual environment and install the locked, hashed packages and shopstream."""
    check_space()
    print("set-up: Python packages (about 300 MB, once) ...", flush=True)
    python = VENV / "bin" / "python"
    if not usable(python):
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True
        )
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            raise SetupError(
                "Python can't make virtual environments here. Install the module: "
                f"sudo apt install python3.{sys.version_info[1]}-venv"
            )
    # dbt-sail asks for the whole of Spark, which the lock leaves out: nothing is resolved here.
    locked = ["--require-hashes", "--no-deps"]
    pip(python, *locked, "-r", str(PROJECT / "requirements.lock"))
    pip(python, "--no-deps", "--no-build-isolation", "--editable", str(PROJECT))


def install_spark():
    """Put Spark, with its Java program, instead of its client."""
    print("set-up: Spark (450 MB, once) ...", flush=True)
    python = VENV / "bin" / "python"
    # pyspark is a source package, built with the setuptools that are installed already. Both
    # packages hold the same files, so it is written whole after the client is gone.
    client = [str(python), "-m", "pip", "uninstall", "--yes", "--quiet", "pyspark-client"]
    subprocess.run(client, capture_output=True)
    locked = ["--require-hashes", "--no-deps", "--no-build-isolation", "--force-reinstall"]
    pip(python, *locked, "-r", str(PROJECT / "spark.lock"))


def usable(python):
    """Whether this virtual environment has a working Python and pip."""
    try:
        return (
            subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode
            == 0
        )
    except OSError:
        return False


def pip(python, *arguments):
    """Run pip install; SetupError with its own last words when it fails."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    ran = subprocess.run(command + list(arguments), capture_output=True, text=True)
    if ran.returncode:
        said = [
            line for line in ran.stderr.splitlines() if "ERROR" in line
        ] or ran.stderr.splitlines()
        log = STAMPS / "pip.log"
        log.write_text(ran.stdout + ran.stderr)
        if "No space left" in ran.stderr:
            raise SetupError(
                f"the disk is full. Free {FREE_GB_NEEDED} GB, then run the same command again"
            )
        raise SetupError(
            f"Python packages could not be installed: {said[-1] if said else 'pip failed'}. The "
            f"first set-up needs the network; with it, run the same command again. "
            f"Whole output: {log}"
        )


def check_space():
    """Raise SetupError when the packages would not fit."""
    free = shutil.disk_usage(PROJECT).free / 1e9
    if free < FREE_GB_NEEDED:
        raise SetupError(
            f"{free:.1f} GB free in {PROJECT}, {FREE_GB_NEEDED} GB are needed. Free some, "
            "then run the same command again"
        )


def fetch_jars():
    """Have the jars that pyspark lacks in .jars/, and no others, each with the sha256 of jars.lock.

    Looked at in each set-up: whoever changes a jar could do all that Spark may do.
    """
    JARS.mkdir(exist_ok=True)
    wanted = [line.split() for line in locked_lines("jars.lock")]
    for old in JARS.iterdir():
        if old.name not in {Path(path).name for _, path in wanted}:
            old.unlink()
    missing = [
        (sha256, path) for sha256, path in wanted if sha256_of(JARS / Path(path).name) != sha256
    ]
    if missing:
        print("set-up: jars of Delta (16 MB, once) ...", flush=True)
    for sha256, path in missing:
        jar = JARS / Path(path).name
        url = f"{MAVEN}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                content = answer.read()
        except OSError as error:
            raise SetupError(
                f"{url} could not be fetched ({error}). The first set-up needs the network; "
                "with it, run the same command again, or set SHOPSTREAM_MAVEN "
                "to a mirror of Maven Central"
            ) from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise SetupError(f"{url} is not the file that jars.lock names (sha256 differs)")
        part = jar.with_suffix(".part")
        part.write_bytes(content)
        part.rename(jar)


def locked_lines(name):
    """The lines of a lock file, without comments."""
    return [line for line in (PROJECT / name).read_text().splitlines() if line[:1] != "#"]


def sha256_of(file):
    """sha256 of a file; None where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None


def sha256_of_package(folder):
    """One hash of all that dbt runs of a package: its project file and its macros, by name."""
    found = hashlib.sha256()
    for file in [folder / "dbt_project.yml", *sorted((folder / "macros").rglob("*.sql"))]:
        found.update(f"{file.relative_to(folder)}\0{sha256_of(file)}\n".encode())
    return found.hexdigest()


def install_dbt_packages():
    """Install dbt_utils from the package hub or, where that is out of reach, the stand-in.

    Raises SetupError where the hub gives another text than packages.lock names.
    """
    print("set-up: dbt packages ...", flush=True)
    shutil.rmtree(PACKAGES, ignore_errors=True)
    try:
        fetched = (
            subprocess.run(
                [str(VENV / "bin" / "dbt"), "deps", "--quiet"],
                cwd=PROJECT,
                capture_output=True,
                text=True,
                timeout=90,
                env={**os.environ, "DBT_PROFILES_DIR": str(PROJECT)},
            ).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        fetched = False
    if fetched and (PACKAGES / "dbt_utils").is_dir():
        sha256 = locked_lines("packages.lock")[0].split()[0]
        if sha256_of_package(PACKAGES / "dbt_utils") == sha256:
            return
        shutil.rmtree(PACKAGES)
        raise SetupError(
            "the package hub gave another dbt_utils than packages.lock names (sha256 differs)"
        )
    print(
        "set-up: the dbt package hub is out of reach; using the project's stand-in for dbt_utils",
        flush=True,
    )
    shutil.rmtree(PACKAGES, ignore_errors=True)
    shutil.copytree(STAND_IN, PACKAGES / "dbt_utils")


def write_profile():
    """Write profiles.yml from the example, for this machine; the old one is kept beside it."""
    profile = PROJECT / "profiles.yml"
    if profile.exists():
        profile.replace(PROJECT / "profiles.yml.old")
    example = (PROJECT / "profiles.yml.example").read_text()
    example = example.replace("'2g'", f"'{spark_memory_mb()}m'")
    # Executors of a cluster run in folders of their own.
    profile.write_text(example.replace("'.jars'", f"'{JARS}'"))


def spark_memory_mb():
    """Heap for Spark in MB: an eighth of the machine, at least 1 GB and at most 8 GB.

    The whole process takes about 1.5 GB more, and DuckDB, which decodes what is landed, and the
    operating system's file cache want the rest.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return max(1024, min(8192, total // 8))


if __name__ == "__main__":
    sys.exit(main())
