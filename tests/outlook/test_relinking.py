"""Making short links again, as podman 4.3.1 and 5.8.2 did on stores with the same damage."""

from __future__ import annotations

from analyzer.outlook.relinking import relink

ONE, TWO = "1" * 64, "2" * 64
ABSENT = "no such file or directory"


def target(name):
    return f"../{name}/diff"


def test_a_link_is_made_from_its_directory():
    found = relink({ONE: "A", TWO: "B"}, {"A": target(ONE)})
    assert (dict(found.links), found.errors) == ({"A": target(ONE), "B": target(TWO)}, ())


def test_a_lost_text_comes_back_from_the_link():
    found = relink({ONE: None}, {"A": target(ONE)})
    assert (dict(found.names), found.errors) == ({ONE: "A"}, ())


def test_an_emptied_text_comes_back_from_the_link():
    assert relink({ONE: ""}, {"A": target(ONE)}).names == {ONE: "A"}


def test_a_text_and_a_link_that_are_both_lost_stay_lost():
    found = relink({ONE: None, TWO: "B"}, {})
    assert found.errors == (f'reading name of symlink for "{ONE}": open …/overlay/{ONE}/link: {ABSENT}',)
    assert found.links == {"B": target(TWO)}


def test_a_link_into_a_lost_directory_is_an_error():
    found = relink({TWO: "B"}, {"A": target(ONE), "B": target(TWO)})
    assert found.errors == (f"correcting link for layer {ONE}: open …/overlay/{ONE}/link: {ABSENT}",)


def test_a_strange_link_is_removed():
    found = relink({ONE: "A"}, {"A": target(ONE), "B": "/elsewhere"})
    assert (dict(found.links), found.errors) == ({"A": target(ONE)}, ())


def test_two_links_to_one_directory_never_come_to_rest():
    (error,) = relink({ONE: "A"}, {"A": target(ONE), "B": target(ONE)}).errors
    assert error.startswith("reached 10 iterations in overlay graph driver")
