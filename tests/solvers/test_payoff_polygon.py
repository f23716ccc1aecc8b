"""Polygons of payoff pairs: the battery, and shapes that rounding makes."""

from __future__ import annotations

import numpy as np
import pytest

from leverage.solvers import payoff_polygon
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.payoff_polygon import as_drawn, corners, distance, distinct, edge_normals, simplified_outward
from tests.mutations.set_batteries import check_polygon

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def test_polygons_by_brute_force():
    check_polygon(payoff_polygon)


def test_corners_of_support_values_that_are_exact_come_back():
    fan = DirectionFan.even(64)
    points = np.array([[0.1, 0.2], [0.9, 0.3], [0.4, 0.8]])
    h = (points @ fan.directions.T).max(axis=0)
    found = corners(fan.directions, h)
    assert np.all(distance(points, found) < 1e-12)
    np.testing.assert_allclose((found @ fan.directions.T).max(axis=0), h, atol=1e-12)


@pytest.mark.parametrize("points", [SQUARE[:1], SQUARE[[0, 2]], SQUARE[[1, 3]], SQUARE * [1.0, 1e-9]])
@pytest.mark.parametrize("allowed", [0.0, 1e-8, 1e-3])
def test_points_and_segments_are_contained_after_facets_are_dropped(points, allowed):
    fan = DirectionFan.even(16)
    h = (points @ fan.directions.T).max(axis=0)
    d, level = simplified_outward(fan.directions, h, allowed)
    assert np.all(points @ d.T <= level + 1e-15)
    assert np.all((corners(d, level) @ fan.directions.T).max(axis=0) <= h + allowed + 1e-10)
    drawn = as_drawn(corners(d, level), 1e-2)
    assert len(drawn) == (1 if len(points) == 1 else 2)
    assert np.all(distance(points, drawn) < 2e-2)


def test_dropping_facets_changes_no_square():
    fan = DirectionFan.even(4)
    d, h = simplified_outward(fan.directions, np.array([1.0, 1.0, 0.0, 0.0]), 0.5)
    np.testing.assert_array_equal(d, fan.directions)
    assert h.tolist() == [1.0, 1.0, 0.0, 0.0]


def test_vertices_that_are_left_out_shrink_the_polygon_by_little():
    random = np.random.default_rng(2)
    for _ in range(20):
        turns = np.sort(random.uniform(0, 2 * np.pi, 40))
        points = np.column_stack([np.cos(turns), np.sin(turns)])
        kept = points[distinct(points, 1e-3)]
        assert 3 <= len(kept) <= 40
        # each vertex goes for at most so much, and at most all of them do
        assert distance(points, kept).max() < 0.04


def test_a_sliver_keeps_its_ends():
    sliver = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1e-8]])
    kept = sliver[distinct(sliver, 1e-6)]
    assert distance(sliver, kept).max() < 1e-6


def test_a_polygon_without_edges_has_no_normals():
    normals, at = edge_normals(np.repeat([[1.0, 2.0]], 3, axis=0), 1e-9)
    assert normals.shape == (0, 2)
    assert len(at) == 0
