//! Dense linear algebra over a field: as much as the questions *can these masks have given that transcript?* and *what of a transcript do
//! masks not reach?* ask for.

use rayon::prelude::*;
use winterfell::math::FieldElement;

/// A linear map by its rows, one for each equation, in reduced echelon form.
pub(super) struct Eliminated<E> {
    /// Number of unknowns.
    unknowns: usize,
    /// The unknown that each of the first rows determines.
    pivots: Vec<usize>,
    /// What the rows in echelon form are made of: an invertible matrix `T` so that `T A` is in echelon form.
    transform: Vec<Vec<E>>,
}

impl<E: FieldElement> Eliminated<E> {
    /// The map that takes the `j`-th unknown to the `j`-th image, with this many equations.
    pub(super) fn of_images(images: &[Vec<E>], equations: usize) -> Self {
        let unknowns = images.len();
        // The map, and the identity beside it, which takes part in every step.
        let row = |equation: usize| {
            let mut row: Vec<E> = images.iter().map(|image| image[equation]).collect();
            row.resize(unknowns + equations, E::ZERO);
            row[unknowns + equation] = E::ONE;
            row
        };
        let mut rows: Vec<Vec<E>> = (0..equations).map(row).collect();
        let mut pivots = Vec::new();
        for unknown in 0..unknowns {
            let rank = pivots.len();
            let Some(found) = (rank..equations).find(|row| rows[*row][unknown] != E::ZERO) else { continue };
            rows.swap(rank, found);
            let mut pivot = std::mem::take(&mut rows[rank]);
            let inverse = pivot[unknown].inv();
            pivot[unknown..].iter_mut().for_each(|entry| *entry *= inverse);
            rows.par_iter_mut().with_min_len(16).filter(|row| !row.is_empty() && row[unknown] != E::ZERO).for_each(|row| {
                let factor = row[unknown];
                row[unknown..].iter_mut().zip(&pivot[unknown..]).for_each(|(entry, pivot)| *entry -= factor * *pivot);
            });
            rows[rank] = pivot;
            pivots.push(unknown);
        }
        let transform = rows.into_iter().map(|mut row| row.split_off(unknowns)).collect();
        Self { unknowns, pivots, transform }
    }

    pub(super) fn rank(&self) -> usize {
        self.pivots.len()
    }

    /// The rank of such a map. This takes a quarter of the time.
    pub(super) fn rank_of_images(images: &[Vec<E>], equations: usize) -> usize {
        let mut rows: Vec<Vec<E>> = (0..equations).map(|equation| images.iter().map(|image| image[equation]).collect()).collect();
        for unknown in 0..images.len() {
            let Some(found) = rows.iter().position(|row| row[unknown] != E::ZERO) else { continue };
            let pivot = rows.swap_remove(found);
            let inverse = pivot[unknown].inv();
            rows.par_iter_mut().with_min_len(16).filter(|row| row[unknown] != E::ZERO).for_each(|row| {
                let factor = row[unknown] * inverse;
                row[unknown..].iter_mut().zip(&pivot[unknown..]).for_each(|(entry, pivot)| *entry -= factor * *pivot);
            });
        }
        equations - rows.len()
    }

    /// A basis of the vectors `l` so that `l A = 0`: what is known of an image without knowing the unknowns.
    pub(super) fn relations(&self) -> &[Vec<E>] {
        &self.transform[self.rank()..]
    }

    /// Unknowns with this image, the free ones 0; `None` if there are none.
    pub(super) fn solve(&self, image: &[E]) -> Option<Vec<E>> {
        if self.relations().iter().any(|relation| dot(relation, image) != E::ZERO) {
            return None;
        }
        let mut solution = vec![E::ZERO; self.unknowns];
        for (unknown, row) in self.pivots.iter().zip(&self.transform) {
            solution[*unknown] = dot(row, image);
        }
        Some(solution)
    }
}

/// The sum of the products of the elements of two vectors.
pub(super) fn dot<E: FieldElement>(one: &[E], other: &[E]) -> E {
    one.iter().zip(other).fold(E::ZERO, |sum, (one, other)| sum + *one * *other)
}

#[test]
fn solutions_are_found_where_there_are_any() {
    use maat_verifier::Goldilocks;
    let elements = |values: &[u64]| values.iter().map(|value| Goldilocks::new(*value)).collect::<Vec<_>>();
    // The third equation is the sum of the others, the third unknown twice the first.
    let images = [elements(&[1, 2, 3]), elements(&[0, 5, 5]), elements(&[2, 4, 6])];
    let map = Eliminated::of_images(&images, 3);
    assert_eq!(Eliminated::rank_of_images(&images, 3), 2);
    assert_eq!((map.rank(), map.relations().len()), (2, 1));
    assert_eq!(dot(&map.relations()[0], &elements(&[7, 9, 16])), Goldilocks::ZERO);
    assert_eq!(map.solve(&elements(&[3, 11, 14])), Some(elements(&[3, 1, 0])));
    assert_eq!(map.solve(&elements(&[3, 11, 15])), None);
    // Without unknowns, all of the image is known.
    let nothing = Eliminated::<Goldilocks>::of_images(&[], 2);
    assert_eq!((nothing.rank(), nothing.relations().len()), (0, 2));
    assert_eq!((nothing.solve(&elements(&[0, 0])), nothing.solve(&elements(&[0, 1]))), (Some(vec![]), None));
}
