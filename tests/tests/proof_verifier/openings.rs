//! What a query takes: its points, paths, rows, and the low-degree test's folds and remainder.

use maat_tests::networks::Random;
use maat_verifier::{Goldilocks, Poseidon, TreeDigest, signed_element};
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::{ElementHasher, Hasher};
use winter_verifier::math::{ExtensionOf, FieldElement, StarkField, polynom};

use super::library::{E, any_felt, call, element, extension, list, number, of_elements, packed, try_call, words};
use super::{digest, message, packed_values, span};

/// Values of a row of the low-degree test.
const FOLDING: usize = 8;

/// The domains of all traces.
fn logs() -> std::ops::RangeInclusive<u32> {
    16..=27
}

#[test]
fn positions_stand_for_points_of_the_domain() {
    let mut random = Random::new(31);
    for log in logs() {
        let domain = 1u64 << log;
        let positions: Vec<u64> =
            [0, 1, domain / 16 - 1, domain / 16, domain - 1].into_iter().chain((0..8).map(|_| random.bits() % domain)).collect();
        let generator = Goldilocks::get_root_of_unity(log);
        let point = |position: u64| Goldilocks::GENERATOR * generator.exp(position);
        let expected = positions.iter().flat_map(|position| {
            let points = of_elements(&[point(*position), point(position % (domain / FOLDING as u64))]);
            points.into_iter().chain((0..log).map(|bit| Felt::from(position >> bit & 1))).collect::<Vec<_>>()
        });
        let listed: Vec<Felt> = positions.iter().map(|position| Felt::from(*position)).collect();
        assert_eq!(list("places", &[number(log), span(&listed)]), expected.collect::<Vec<_>>(), "2^{log} points");
    }
}

#[test]
fn paths_lead_to_the_nodes_that_they_lead_to_in_rust() {
    let mut random = Random::new(37);
    let tree = |felt: Felt| TreeDigest::new(felt.to_bytes_le());
    for log in [1, 2, 3, 4, 5, 8, 11, 12, 14] {
        let position = random.below(1 << log);
        let digests: Vec<Felt> = (0..4).map(|_| any_felt(&mut random)).collect();
        let siblings: Vec<Felt> = (0..4 * log).map(|_| any_felt(&mut random)).collect();
        let node = |which: usize| {
            let way = (0..log).fold(tree(digests[which]), |known, level| {
                let sibling = tree(siblings[4 * level + which]);
                Poseidon::merge(&if position >> level & 1 == 1 { [sibling, known] } else { [known, sibling] })
            });
            digest(&way)
        };
        let expected = [0, 1, 2, 3, 0].map(node);
        let found = list("paths", &[number(log), number(position), span(&digests), span(&siblings)]);
        assert_eq!(found, expected, "position {position} of 2^{log}");
    }
}

#[test]
fn rows_are_hashed_and_joined_as_they_are_read() {
    let mut random = Random::new(41);
    for (base_count, extension_count) in [(30, 2), (89, 3), (43, 23), (86, 26), (1, 1), (2, 2), (3, 3), (59, 4), (61, 5)] {
        let base: Vec<Goldilocks> = (0..base_count).map(|_| element(&mut random)).collect();
        let others = extension(&mut random, extension_count);
        let challenge = extension(&mut random, 1)[0];
        let columns = base.iter().map(|element| E::from(*element)).chain(others.iter().copied());
        // The first column has the highest power.
        let joined = columns.fold(E::ZERO, |sum, column| sum * challenge + column);
        let rows = [&base[..], E::slice_as_base_elements(&others)];
        let digests = rows.map(|row| digest(&Poseidon::hash_elements(row)));
        let arguments = [span(&packed(rows[0])), number(base_count), span(&packed(rows[1])), number(extension_count), words(&[challenge])];
        let what = format!("{base_count} and {extension_count} columns");
        assert_eq!(list("absorbed", &arguments), [digests.to_vec(), of_elements(&[joined])].concat(), "{what}");

        // In the frame, columns of the base field have values in the extension.
        let frame = extension(&mut random, base_count);
        let joined = frame.iter().chain(&others).fold(E::ZERO, |sum, column| sum * challenge + *column);
        assert_eq!(list("sums", &[words(&frame), words(&others), words(&[challenge])]), of_elements(&[joined]), "{what}");
    }
}

#[test]
fn rows_are_folded_to_the_value_of_their_polynomial() {
    let mut random = Random::new(43);
    let root = Goldilocks::get_root_of_unity(FOLDING.ilog2());
    let (mut rows, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let (values, challenge) = (extension(&mut random, FOLDING), extension(&mut random, 1)[0]);
        let x = Goldilocks::GENERATOR * Goldilocks::get_root_of_unity(16).exp(random.bits() % (1 << 16));
        let points: Vec<E> = (0..FOLDING as u64).map(|place| (x * root.exp(place)).into()).collect();
        expected.push(polynom::eval(&polynom::interpolate(&points, &values, false), challenge));
        rows.extend([&values[..], &[challenge.mul_base(x.inv())]].concat());
    }
    assert_eq!(list("folds", &[words(&rows)]), of_elements(&expected));
}

#[test]
fn remainders_are_polynomials_with_the_highest_power_first() {
    let mut random = Random::new(47);
    for count in [16, 32, 64] {
        let coefficients = extension(&mut random, count);
        let value = |point: Goldilocks| coefficients.iter().fold(E::ZERO, |sum, coefficient| sum.mul_base(point) + *coefficient);
        let points: Vec<Goldilocks> = (0..10).map(|_| element(&mut random)).collect();
        let expected = points.iter().flat_map(|point| {
            let power = point.exp(count as u64);
            // c_0 y^(n - 1) + .. is the value at 1 / y times that power.
            let reversed = value(point.inv()).mul_base(power * point.inv());
            of_elements(&[reversed]).into_iter().chain(of_elements(&[power]))
        });
        assert_eq!(list("reversed", &[words(&coefficients), words(&points)]), expected.collect::<Vec<_>>(), "{count} coefficients");

        // A row at x folds to a value at x^8 / 7^7.
        let rows = points.iter().flat_map(|x| {
            let folded = value(x.exp(8) * Goldilocks::GENERATOR.exp(7).inv());
            [folded, folded + E::ONE, folded + E::new(Goldilocks::ZERO, Goldilocks::ONE)].map(|value| (x.inv(), value))
        });
        let arguments: Vec<Felt> = rows.flat_map(|(inverse, value)| [of_elements(&[inverse]), of_elements(&[value])].concat()).collect();
        let holds = list("remainder_holds", &[words(&coefficients), span(&arguments)]);
        assert_eq!(holds, [Felt::ONE, Felt::ZERO, Felt::ZERO].repeat(points.len()), "{count} coefficients");
    }
}

#[test]
fn public_values_are_polynomials_with_the_highest_power_first() {
    let mut random = Random::new(53);
    for count in [1, 2, 6, 7, 8, 13, 14, 15, 36, 100] {
        let edges = [0, 1, -1, i32::MIN, i32::MAX];
        let value = |random: &mut Random| if random.below(3) == 0 { edges[random.below(5)] } else { random.bits() as i32 };
        let values: Vec<i32> = (0..count).map(|_| value(&mut random)).collect();
        let (packed, point) = (packed_values(&values), extension(&mut random, 1)[0]);
        let expected = values.iter().fold(E::ZERO, |sum, value| sum * point + E::from(signed_element((*value).into())));
        let polynomial = |packed: &[Felt]| try_call("polynomial", &[span(packed), number(count), words(&[point])]);
        assert_eq!(polynomial(&packed).unwrap().output[1..], of_elements(&[expected]), "{count} values");
        let of_values = call("digest_of_values", &[span(&packed), number(count)]).output;
        assert_eq!(of_values, [digest(&Poseidon::hash_values(&values))], "{count} values");

        let refusal = |at: usize, bits: usize| {
            let mut packed = packed.clone();
            packed[at] += Felt::TWO.pow(bits as u32);
            message(&polynomial(&packed).unwrap_err())
        };
        // Seven integers have 224 bits.
        for at in [0, packed.len() - 1] {
            assert_eq!(refusal(at, 224), "A FELT HAS EIGHT VALUES");
        }
        for place in (count - 1) % 7 + 1..7 {
            assert_eq!(refusal(packed.len() - 1, 32 * place), "MORE VALUES THAN THERE ARE");
        }
    }
}
