"""Set a fresh machine up, then hand over: `python3 config/run/first.py [MODULE [ARGUMENT…]]`.

Runs on the machine's own Python with the standard library alone. Makes `.venv` from Pipfile.lock
(hashes checked; pipenv itself comes from config/run/pipenv.txt, hashes checked as well), fetches
the design system's files and a list of common passwords, and replaces itself by `python -m MODULE`
from that environment. What is done is stamped by digest: a later call takes a fraction of a second.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCAL = ROOT / ".local"
TOOLS = LOCAL / "tools"
ENVIRONMENT = ROOT / ".venv"
PIPENV = ROOT / "config" / "run" / "pipenv.txt"
LOCK = ROOT / "Pipfile.lock"
ASSETS = ROOT / "core" / "ui" / "static" / "vendor"
ASSETS_MADE_FROM = (
    "package.json",
    "package-lock.json",
    "core/common/npm_packages.py",
    "core/ui/assets.py",
    "core/accounts/passwords/assets.py",
    "core/accounts/passwords/hash_lists.py",
)
FETCHED = {
    "Fetching the design system's styles and fonts": "core.ui.assets",
    "Fetching the list of common passwords": "core.accounts.passwords.assets",
}
LOG = LOCAL / "setup.log"
PYTHON = (3, 11)
BEAT_SECONDS = 15.0


class SetupError(Exception):
    """The machine cannot be set up; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Set up, then become the module that the arguments name. Return 1 when it cannot be done."""
    use_the_right_python(arguments)
    try:
        set_up()
    except SetupError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    if arguments:
        python = str(ENVIRONMENT / "bin" / "python")
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(python, [python, "-m", *arguments])
    return 0


def use_the_right_python(arguments: Sequence[str]) -> None:
    """Start again under Python 3.11 when this is another one and the machine has it."""
    version = ".".join(map(str, PYTHON))
    other = shutil.which(f"python{version}")
    if sys.version_info[:2] != PYTHON and other:
        os.execv(other, [other, __file__, *arguments])
    if sys.version_info[:2] < PYTHON:
        sys.exit(f"The portal needs Python {version}; this is {sys.version.split()[0]}.")


def set_up() -> None:
    """Bring environment and assets up to date. Raises SetupError."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "setup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is at work here; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        _environment()
        _assets()


def _environment() -> None:
    stamp = ENVIRONMENT / ".installed-from"
    wanted = digest_of([LOCK, ROOT / "Pipfile"])
    python = ENVIRONMENT / "bin" / "python"
    if read(stamp) == wanted and python.exists():
        return
    _pipenv()
    if ENVIRONMENT.exists() and not _works(python):
        shutil.rmtree(ENVIRONMENT)
    run(
        "Installing the packages of Pipfile.lock (about a minute the first time)",
        [TOOLS / "bin" / "python", "-m", "pipenv", "sync", "--dev", "--bare"],
        env={
            "PIPENV_PIPFILE": str(ROOT / "Pipfile"),
            "PIPENV_VENV_IN_PROJECT": "1",
            "PIPENV_IGNORE_VIRTUALENVS": "1",
            "PIPENV_DEFAULT_PYTHON_VERSION": sys.executable,
            "PIPENV_NOSPIN": "1",
            "PIPENV_YES": "1",
        },
    )
    stamp.write_text(wanted)


def _pipenv() -> None:
    stamp = TOOLS / ".installed-from"
    wanted = digest_of([PIPENV])
    python = TOOLS / "bin" / "python"
    if read(stamp) == wanted and _works(python):
        return
    _need_venv()
    shutil.rmtree(TOOLS, ignore_errors=True)
    run("Making a place for pipenv", [sys.executable, "-m", "venv", TOOLS])
    run(
        "Installing pipenv",
        [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", PIPENV],
    )
    stamp.write_text(wanted)


def _need_venv() -> None:
    """See that this Python can make environments; Debian ships that part by itself."""
    check = [sys.executable, "-c", "import ensurepip, venv"]
    if subprocess.run(check, capture_output=True, check=False).returncode == 0:
        return
    install_debian_package(
        f"python{PYTHON[0]}.{PYTHON[1]}-venv", "Python cannot make virtual environments here."
    )


def _assets() -> None:
    stamp = ASSETS / ".made-from"
    sources = [ROOT / name for name in ASSETS_MADE_FROM]
    if not all(path.exists() for path in sources):
        return
    wanted = digest_of(sources)
    if read(stamp) == wanted:
        return
    for step, module in FETCHED.items():
        run(step, [ENVIRONMENT / "bin" / "python", "-m", module])
    stamp.write_text(wanted)


def install_debian_package(name: str, reason: str) -> None:
    """Install a package of the distribution as root; else raise SetupError with the command."""
    command = f"apt-get update && apt-get install --yes --no-install-recommends {name}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(f"{reason} Install what is missing with:\n\n    sudo sh -c '{command}'\n")
    run(f"Installing the distribution's package {name}", ["sh", "-c", command])


def run(step: str, command: Sequence[str | Path], env: dict[str, str] | None = None) -> None:
    """Run one step; its output goes to the log, and a failure shows the end of it."""
    say(f"{step} …")
    began = time.monotonic()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL"}
    }
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "DEBIAN_FRONTEND": "noninteractive"}
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env={**inherited, **quiet, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            code = _wait(process, began)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        end = "\n".join(LOG.read_text(errors="replace").splitlines()[-30:])
        raise SetupError(f"{end}\n\nThis step failed: {step}. All of its output: {LOG}")
    say(f"  done in {time.monotonic() - began:.0f} s")


def _wait(process: "subprocess.Popen[bytes]", began: float) -> int:
    while True:
        try:
            return process.wait(BEAT_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"  … still at it after {time.monotonic() - began:.0f} s")


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    check = subprocess.run([python, "-c", "import sys"], capture_output=True, check=False)
    return check.returncode == 0


def digest_of(paths: Sequence[Path]) -> str:
    """Return a digest of files, of this Python and of the repository's place (scripts name it)."""
    digest = hashlib.sha256(f"{sys.version}\0{ROOT}\0".encode())
    for path in paths:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def read(path: Path) -> str:
    """Return a file's text, empty when there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next call goes on from here.\n")
        sys.exit(130)
