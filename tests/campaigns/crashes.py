"""What readers see when a load is killed, when a model fails, and while a load runs.

    python -m tests.campaigns.crashes kills --times 50 --resume FILE
    python -m tests.campaigns.crashes failures --times 20 --resume FILE
    python -m tests.campaigns.crashes reads --times 1000 --resume FILE
    python -m tests.campaigns.crashes full --times 5 --resume FILE  # as root, mounts a small tmpfs
    python -m tests.campaigns.crashes power --times 20 --resume FILE  # as root, mounts a small ext4
    python -m tests.campaigns.crashes flips --times 300 --resume FILE

kills: one command after the other (COMMANDS) is killed with its whole process group at a random
moment, on a warehouse in which a next day's file waits; the next ordinary build has to end equal to
a clean one, where a user was erased perhaps without him. failures: one model after the other is
broken in a copy of the project; the build has to fail and readers have to see the build before,
whole; then `build --core` of the project as it is has to give what it gives without that failure.
reads: a reader polls all published tables while builds run; each read has to be of one build.
full: the disk fills up during a load; it has to say so, readers have to see the build
before, and with space again the next run has to end equal to a clean one. power: the blocks on the
disk are kept as they are at a moment of a load or after its exit, as by a loss of power; readers
have to see one build, after the exit the new one, and the next run has to end equal to a clean one.
flips: one bit of a file of a published table is turned over; who reads the table has to be told.
Results are lines of JSON in FILE, which goes on where it stopped; exit code 1 if one fails.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from shopstream import bootstrap, published
from shopstream.errors import Damaged
from shopstream.sample import generate
from shopstream.warehouse.maintenance import folder_bytes
from tests.helpers.compare import differences
from tests.helpers.results import Results, add_resume_option, modules_below
from tests.helpers.warehouse import BIN, PROJECT, Warehouse

# A kill's number says which of them is killed.
COMMANDS = [
    ("build", "--core"),
    ("build",),
    ("build", "--full-refresh", "--core"),
    ("erase", "USER"),
    ("maintain",),
    ("rollback",),
]
FLIPS = 30  # a run of flips


class Campaign:
    """A warehouse of nine days in two builds, as published, and the file of the tenth day."""

    def __init__(self, root: Path, what: str) -> None:
        self.root, self.known = root, {}
        *first, self.next_day = generate(root / "sample", events=20_000, days=10)
        self.base = Warehouse(root / "base")
        shutil.copytree(self.next_day.parent / "sources", self.base.landing / "sources")
        # These are of all commands, models and tables, the rest needs the core marts only.
        options = () if what in ("kills", "failures", "flips") else ("--core",)
        for files in (first[:-1], first[-1:]):
            for file in files:
                shutil.copy(file, self.base.landing)
            self.base.build(*options)
        self.before = readers_see(self.base)
        clean, started = self.copy("clean"), time.monotonic()
        clean.build("--core")
        self.seconds = time.monotonic() - started
        self.after = readers_see(clean)
        before, after = (folder_bytes(w.root / "warehouse") for w in (self.base, clean))
        self.growth = after - before
        assert differences(self.before, self.after)
        users = clean.table("dim_users").column("user_id").to_pylist()
        self.user = str(max(users))

    def copy(self, name: str, *, clean: bool = True) -> Warehouse:
        """The nine days as published, with the next day's file in the landing folder."""
        warehouse = Warehouse(self.root / name)
        if clean:
            shutil.rmtree(warehouse.root, ignore_errors=True)
        shutil.copytree(self.base.root, warehouse.root, dirs_exist_ok=True)
        shutil.copy(self.next_day, warehouse.landing)
        return warehouse

    def command(self, number: int) -> list[str]:
        """The command that a number stands for."""
        words = COMMANDS[number % len(COMMANDS)]
        return [self.user if word == "USER" else word for word in words]

    def undisturbed(self, *command: str) -> tuple[float, dict, dict]:
        """Seconds of a command, what readers see after it, and after a build behind it."""
        if command not in self.known:
            self.known[command] = self.run_undisturbed(*command)
        return self.known[command]

    def run_undisturbed(self, *command: str) -> tuple[float, dict, dict]:
        warehouse, started = self.copy("undisturbed"), time.monotonic()
        ran = warehouse.run("shopstream", *command)
        assert ran.returncode == 0, ran.stdout
        seconds, seen = time.monotonic() - started, readers_see(warehouse)
        warehouse.build()
        return seconds, seen, readers_see(warehouse)

    def kill(self, number: int) -> dict:
        """Kill a command at a moment drawn from the number; what was wrong after the next build."""
        command = self.command(number)
        seconds, after, in_the_end = self.undisturbed(*command)
        warehouse = self.copy("killed")
        moment = random.Random(number).uniform(0.5, seconds)
        process = begin(warehouse, *command)
        time.sleep(moment)
        ended = process.poll() is not None
        if not ended:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wrong = of_none("after the kill", readers_see(warehouse), self.before, after)
        ran = warehouse.run("shopstream", "build")
        if ran.returncode:
            wrong["next build"] = ran.stdout[-1500:]
        else:
            # Killed before it was noted, a command leaves nothing to be done.
            _, _, as_if_never_run = self.undisturbed("build")
            seen = readers_see(warehouse)
            wrong |= of_none("after the next build", seen, in_the_end, as_if_never_run)
        return {
            "command": " ".join(COMMANDS[number % len(COMMANDS)]),
            "moment": round(moment, 1),
            "ended": ended,
            "wrong": wrong,
        }

    def fail(self, number: int) -> dict:
        """Break one model of a copy of the project; what readers see then, and after --core."""
        models = sorted((PROJECT / "models").rglob("*.sql"))
        model = models[number * 7 % len(models)].relative_to(PROJECT)
        warehouse, project = self.copy("failed"), self.root / "project"
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(
            PROJECT,
            project,
            symlinks=True,
            ignore=shutil.ignore_patterns(".git", ".venv", "data", "logs", "target", "__pycache__"),
        )
        text = (project / model).read_text()
        broken = "select * from (select raise_error('injected') as x) cross join "
        (project / model).write_text(f"{text}\n-- broken\nunion all {broken} (select 1)\n")
        ran = subprocess.run(
            [sys.executable, "-m", "shopstream", "build"],
            cwd=project,
            env=warehouse.environment() | {"PYTHONPATH": str(project)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        wrong = differences(self.before, readers_see(warehouse))
        if ran.returncode != 1 or model.stem not in ran.stdout:
            wrong["exit"] = f"code {ran.returncode}: {ran.stdout[-500:]}"
        warehouse.build("--core")
        wrong |= of_none("after --core", readers_see(warehouse), self.after)
        return {"model": str(model), "wrong": wrong}

    def fill(self, number: int) -> dict:
        """Load onto a disk that is nearly full; what was wrong then, and with space again."""
        free = int(random.Random(number).uniform(0.1, 1) * self.growth)
        warehouse = Warehouse(self.root / "full")
        disk = warehouse.root / "warehouse"
        disk.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=True)
        try:
            self.copy("full", clean=False)
            size = (shutil.disk_usage(disk).used + free) // 4096 * 4096
            subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
            ran = warehouse.run("shopstream", "build", "--core")
            wrong = differences(self.before, readers_see(warehouse))
            if ran.returncode == 0 or "o space left" not in ran.stdout or "\tat " in ran.stdout:
                wrong["exit"] = f"code {ran.returncode}: {ran.stdout[-1500:]}"
            subprocess.run(["mount", "-o", "remount,size=2g", disk], check=True)
            warehouse.build("--core")
            wrong |= differences(self.after, readers_see(warehouse))
        finally:
            subprocess.run(["umount", disk], check=True)
        return {"free_bytes": free, "wrong": wrong}

    def cut(self, number: int) -> dict:
        """Lose power during a load (odd numbers) or after its exit; what was wrong then."""
        draw, image = random.Random(number), self.root / "disk.img"
        cut = image.with_name("cut.img")
        warehouse = Warehouse(self.root / "power")
        after_exit = number % 2 == 0
        moment = draw.uniform(0, 25) if after_exit else draw.uniform(0.1, 0.8) * self.seconds
        with mounted(image, warehouse.root / "warehouse", megabytes=256):
            self.copy("power", clean=False)
            os.sync()
            process = begin(warehouse, "build", "--core")
            if after_exit:
                process.wait()
            time.sleep(moment)
            ended = process.poll() is not None
            shutil.copyfile(image, cut)
            if not ended:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        expected = [self.after] if ended else [self.after, self.before]
        with mounted(cut, warehouse.root / "warehouse"):
            try:
                wrong = of_none("after the cut", readers_see(warehouse), *expected)
            except Exception as error:
                wrong = {"after the cut": repr(error)} if ended else {}
            ran = warehouse.run("shopstream", "build", "--core")
            if ran.returncode:
                wrong["next build"] = ran.stdout[-1500:]
            else:
                wrong |= differences(self.after, readers_see(warehouse))
        return {"moment": round(moment, 1), "ended": ended, "wrong": wrong}

    def flip(self, number: int) -> dict:
        """Turn over a bit, in files of thirty tables one after the other; flips nobody noticed."""
        folder, draw, wrong = self.base.root / "warehouse", random.Random(number), {}
        shown = published.read_published(folder)
        files = {
            name: table.file_uris()
            for name in sorted(shown["tables"])
            if (table := published.open_table(folder, name, shown)).file_uris()
        }
        for name in draw.choices(list(files), k=FLIPS):
            file = Path(draw.choice(files[name]))
            held = file.read_bytes()
            bit = draw.randrange(len(held) * 8)
            byte = bytes([held[bit // 8] ^ 1 << bit % 8])
            file.write_bytes(held[: bit // 8] + byte + held[bit // 8 + 1 :])
            try:
                published.open_table(folder, name, shown)
                wrong[f"{name}: bit {bit} of {file.name}"] = "not noticed"
            except Damaged as error:
                if file.name not in str(error):
                    wrong[f"{name}: bit {bit} of {file.name}"] = f"not named: {error}"
            file.write_bytes(held)
        return {"flips": FLIPS, "wrong": wrong | differences(self.before, readers_see(self.base))}

    def read(self, number: int) -> dict:
        """Poll the published tables while a load runs; reads that were not of one build."""
        warehouse, stop, reads, wrong = self.copy("read"), threading.Event(), [], {}

        def poll() -> None:
            while not stop.is_set():
                try:
                    seen = readers_see(warehouse)
                    mixed = of_none("a mix", seen, self.before, self.after)
                    fault = "a mix of two builds" if mixed else None
                except Exception as error:
                    fault = repr(error)
                reads.append(fault)
                if fault:
                    wrong[f"read {len(reads)}"] = fault

        reader = threading.Thread(target=poll)
        reader.start()
        try:
            warehouse.build("--core")
        finally:
            stop.set()
            reader.join()
        return {"reads": len(reads), "wrong": wrong}


@contextmanager
def mounted(image: Path, folder: Path, megabytes: int = 0) -> Iterator[None]:
    """An ext4 of its own in a file, made anew where a size is given."""
    if megabytes:
        image.unlink(missing_ok=True)
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", image, folder], check=True)
    try:
        yield
    finally:
        # What was killed may take a moment to let go of its files.
        for _ in range(30):
            if subprocess.run(["umount", folder], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(1)
        else:
            raise OSError(f"{folder} stays in use")


def begin(warehouse: Warehouse, *command: str) -> subprocess.Popen:
    """A command of shopstream in a process group of its own."""
    return subprocess.Popen(
        [BIN / "shopstream", *command],
        cwd=PROJECT,
        env=warehouse.environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def of_none(when: str, seen: dict, *builds: dict) -> dict[str, str]:
    """Empty where what was seen is one of these builds; else how it differs from the first."""
    found = [differences(build, seen) for build in builds]
    return {} if not all(found) else {f"{when}: {name}": words for name, words in found[0].items()}


def readers_see(warehouse: Warehouse) -> dict[str, pa.Table]:
    """Every published table as one read of published.json shows it."""
    folder = warehouse.root / "warehouse"
    shown = published.read_published(folder)
    return {
        name.split(".")[1]: published.open_table(folder, name, shown).to_pyarrow_table()
        for name in shown["tables"]
    }


def main() -> int:
    """Run a campaign and print a line for each of its parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kills", "failures", "reads", "full", "power", "flips"])
    parser.add_argument("--times", type=int, default=5)
    add_resume_option(parser)
    options = parser.parse_args()
    # Publishing and the command line are tested, too; only pages of documentation are not.
    modules = {*modules_below()} - {"people/documentation.py", "people/reference.py"}
    results, engine = Results(options.resume, modules), bootstrap.target()
    kind = {"what": options.what, "engine": engine}
    done = [result for result in results if kind.items() <= result.items()]

    def times() -> int:
        return sum(result.get("reads", result.get("flips", 1)) for result in done)

    with tempfile.TemporaryDirectory(prefix="crashes-") as folder:
        campaign = Campaign(Path(folder), options.what) if times() < options.times else None
        campaigns = {"kills": "kill", "failures": "fail", "reads": "read", "full": "fill"}
        one = (campaigns | {"power": "cut", "flips": "flip"})[options.what]
        while times() < options.times:
            result = {**kind, **getattr(campaign, one)(len(done))}
            done.append(result)
            results.add(result)
            print(result, flush=True)
    bad = sum(bool(result["wrong"]) for result in done)
    print(f"{options.what}: {times()} done, {bad} of {len(done)} runs went wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
