"""The steps that every change must pass; `.ci/run` runs these sessions in the environment of the README's commands.

`nox` makes an environment for each; `nox --no-venv -s lint` uses the one it runs in.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["lint", "docs", "tests"]
INTERPRETERS = ("3.11", "3.12", "3.13", "3.14")


def _install(session: nox.Session) -> None:
    """Install the pinned packages and this one, where the session has an environment of its own."""
    if session.virtualenv.is_sandboxed:
        session.install("-r", "constraints.txt")
        session.install("--no-deps", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types, import layers."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Generated pages are up to date, and the site builds without a warning."""
    _install(session)
    session.run("python", "docs/generate.py", "--check")
    session.run("mkdocs", "build", "--strict", "--quiet", "--site-dir", session.create_tmp() + "/site")


@nox.session(python=INTERPRETERS)
def tests(session: nox.Session) -> None:
    """All tests; those with real engines need root, XFS and the engines, and skip elsewhere."""
    _install(session)
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Lines and branches that no test reaches; processes that tests start are not looked into."""
    _install(session)
    session.install("pytest-cov")
    measured = ("--cov=analyzer", "--cov-branch", "--cov-report=term:skip-covered")
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *measured, *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """A few changes of rules and causes that the tests nearest to them must notice: the same few for the same tree."""
    _install(session)
    few = ("--count=12", "--seconds=30", "--least=0.3", "checks", "causes")
    session.run("python", "benchmarks/mutants.py", *(session.posargs or few))


@nox.session
def fuzz(session: nox.Session) -> None:
    """A minute for each fuzz target that reaches a module changed by the last commits."""
    _install(session)
    session.run("python", "-m", "tests.fuzz.run", *(session.posargs or ("--changed-since=HEAD~10",)))


@nox.session(python=INTERPRETERS[1:])
def compatible(session: nox.Session) -> None:
    """Install the base package on a newer Python and judge every sample: no engines, no notebooks, no browser."""
    session.install(".", "hypothesis", "jsonschema", "pytest", "pytest-timeout")
    session.run("python", "-m", "pytest", "-q", "tests/test_bundles.py", *session.posargs)
