"""Small releases made by hand, and the rules of the register, for every test of the attacker."""

import pytest

from anonymart.attack import controls
from anonymart.attack.release import Release
from anonymart.attack.rules import PublishedRules
from anonymart.contracts import load_contracts
from anonymart.policy import load_policy


@pytest.fixture(scope="session")
def policy():
    return load_policy()


@pytest.fixture(scope="session")
def contracts():
    return load_contracts()


@pytest.fixture(scope="session")
def rules(policy):
    return PublishedRules.of(policy)


@pytest.fixture(scope="session")
def noise(policy):
    return PublishedRules.of(policy).law


@pytest.fixture
def made(contracts, tmp_path):
    """Write rows of marts as a release folder and read it back."""

    def make(name="release", **rows) -> Release:
        return controls.read(tmp_path / name, contracts, rows)

    return make


@pytest.fixture
def truth_of(contracts):
    def truth(mart, rows):
        return controls.facts_of(contracts[mart], rows)

    return truth
