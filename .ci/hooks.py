"""The hooks of `.pre-commit-config.yaml`, over the files that git follows and over the history.

`cargo xtask ci secrets` runs this with a folder for what is fetched from PyPI and kept.
What is refused is written in that file alone; here it is only given the history to look at.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PRE_COMMIT = "pre-commit==4.7.0"
ROOT = Path(__file__).resolve().parent.parent
# The checkout may belong to somebody else than the one who runs this.
TRUSTING = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
# With `SKIP` hooks can be left out; not here.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "SKIP"} | TRUSTING


def git(folder, *arguments, **more):
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT, **more).stdout


def look_for_history(root):
    """What is not there cannot be looked at, and must not pass for clean in silence."""
    try:
        is_shallow = git(root, "rev-parse", "--is-shallow-repository").strip() != b"false"
    except subprocess.CalledProcessError:
        sys.exit("error: the history is looked at too, so this needs a clone made by git")
    if is_shallow:
        print("WARNING: this clone lacks a part of the history, and that part is not looked at: "
              "git fetch --unshallow", flush=True)


def versions(root):
    """Blob and path of every version of every file that HEAD's history has."""
    listed = "log -m --root --raw -z --no-abbrev --no-renames --format= HEAD".split()
    parts = iter([part.lstrip(b"\n") for part in git(root, *listed).split(b"\0") if part.strip()])
    for change, path in zip(parts, parts, strict=True):
        _, mode, _, blob, _ = change.split(b" ")
        # What was removed was there before, and a module is no file of ours.
        if mode not in (b"000000", b"160000"):
            yield blob, path


def lay_out_history(root, folder):
    """Write each version as `<blob>/<path>`, and the words of the commits as `messages`.

    A version that the tree still has is left out: it is looked at there. Returns how many others
    there are."""
    found = sorted(set(versions(root)))
    contents = git(root, "cat-file", "--batch", input=b"".join(blob + b"\n" for blob, _ in found))
    followed = set(git(root, "ls-files", "-z").split(b"\0"))
    n_versions, at = 0, 0
    for blob, path in found:
        begin = contents.index(b"\n", at) + 1
        end = begin + int(contents[at:begin].split()[2])
        content, at = contents[begin:end], end + 1
        now = Path(root, os.fsdecode(path))
        if path in followed and now.is_file() and now.read_bytes() == content:
            continue
        place = folder / os.fsdecode(blob[:12] + b"/" + path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        n_versions += 1
    (folder / "messages").write_bytes(git(root, "log", "--format=%H%n%an <%ae>%n%B", "HEAD"))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    return n_versions


def python_with_pre_commit(folder):
    """A Python of its own; one that was left half made is made again."""
    python = folder / PRE_COMMIT / "bin" / "python"
    works = [str(python), "-m", "pre_commit", "--version"]
    if not python.exists() or subprocess.run(works, capture_output=True, check=False).returncode:
        print(f"fetching {PRE_COMMIT} from PyPI into {folder}", flush=True)
        venv.create(folder / PRE_COMMIT, clear=True, with_pip=True)
        install = "-m pip --disable-pip-version-check --quiet install".split()
        subprocess.run([str(python), *install, PRE_COMMIT], check=True)
    return python


def main(kept):
    look_for_history(ROOT)
    command = [str(python_with_pre_commit(kept)), "-m", "pre_commit", "run", "--all-files"]
    command += ["--config", str(ROOT / ".pre-commit-config.yaml")]
    environment = ENVIRONMENT | {"PRE_COMMIT_HOME": str(kept / "cache")}
    print("The files that git follows:", flush=True)
    failed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        n_versions = lay_out_history(ROOT, Path(folder))
        print(f"\nThe history, {n_versions} other versions of files, and the messages:", flush=True)
        command += ["--hook-stage", "manual"]
        failed |= subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if failed:
        sys.exit("error: docs/SECURITY.md says what to do")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
