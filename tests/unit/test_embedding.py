"""Maps of digits, against scikit-learn's own."""

import json

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from digitlab.datasets import load_dataset
from digitlab.embedding import plane, principal_components, study, tsne_study
from digitlab.studies import StudyCancelledError

DIGITS = load_dataset("digits")
VECTORS = DIGITS.images[:300].reshape(300, -1)
LABELS = DIGITS.labels[:300]


def no_progress(*_):
    pass


def arguments(points):
    return json.loads(tsne_study(points).arguments)


@pytest.mark.parametrize("shape", [(300, 784), (300, 100), (40, 784)])
def test_principal_components_are_scikit_learns(shape):
    vectors = DIGITS.images.reshape(-1, 784)[: shape[0], -shape[1] :].astype(float)
    reference = PCA(10, svd_solver="full").fit(vectors)
    expected = reference.transform(vectors)
    found = principal_components(vectors, 10)
    signs = np.sign((found.points * expected).sum(axis=0))
    assert np.allclose(found.points * signs, expected, atol=1e-2)
    assert np.allclose(found.shares, reference.explained_variance_ratio_, atol=1e-5)


def test_the_same_digits_in_another_order_lie_where_they_lay():
    order = np.random.default_rng(0).permutation(300)
    first = principal_components(VECTORS, 2).points
    again = principal_components(VECTORS[order], 2).points
    assert np.allclose(again, first[order], atol=1e-2)


@pytest.mark.parametrize("count", [1, 2])
def test_so_few_digits_still_have_a_place_in_the_plane(count):
    found = principal_components(VECTORS[:count])
    assert found.points.shape == (count, 2)
    assert np.isfinite(found.points).all()
    assert np.isfinite(found.shares).all()


def test_t_sne_lays_digits_of_one_class_together_and_tells_how_far_it_is():
    told = []
    components = principal_components(VECTORS)
    content = study(lambda done, words: told.append((done, words)), **arguments(components.points))
    where = plane(content)
    assert where.shape == (300, 2)
    neighbour = NearestNeighbors(n_neighbors=1).fit(where).kneighbors()[1][:, 0]
    assert (LABELS[neighbour] == LABELS).mean() > 0.8
    fractions = [done for done, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert "step 500 of at most 1,000" in [words for _, words in told]


def test_a_cancelled_t_sne_ends_at_its_next_word():
    told = []

    def progress(done, words):
        told.append(words)
        if words.startswith("step"):
            raise StudyCancelledError

    with pytest.raises(StudyCancelledError):
        study(progress, **arguments(principal_components(VECTORS).points))
    assert sum(words.startswith("step") for words in told) == 1


@pytest.mark.parametrize("count", [1, 4, 5])
def test_t_sne_of_a_handful_does_not_fail(count):
    content = study(no_progress, **arguments(principal_components(VECTORS[:count]).points))
    assert plane(content).shape == (count, 2)


def test_the_same_points_are_the_same_study():
    points = principal_components(VECTORS).points
    assert tsne_study(points).key == tsne_study(points.copy()).key
    assert tsne_study(points).key != tsne_study(points + 1).key
