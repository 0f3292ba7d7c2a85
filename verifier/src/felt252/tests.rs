//! The Stark field against big integers, and against the same field in Starknet's tools.

use num_bigint::BigUint;
use starknet_types_core::felt::Felt;
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::crypto::{ElementHasher, Hasher};
use winter_verifier::math::{batch_inversion, fft};

use super::*;

/// The modulus, from its definition.
pub(super) fn modulus() -> BigUint {
    (BigUint::from(1u8) << 251u32) + (BigUint::from(17u8) << 192u32) + 1u8
}

pub(super) fn of_limbs(limbs: [u64; 4]) -> BigUint {
    BigUint::from_bytes_le(limbs.map(u64::to_le_bytes).as_flattened())
}

fn big(felt: Felt252) -> BigUint {
    BigUint::from_bytes_le(&felt.to_le_bytes())
}

/// 32 bytes of an integer, least significant byte first.
fn bytes(integer: &BigUint) -> [u8; 32] {
    let mut bytes = integer.to_bytes_le();
    bytes.resize(32, 0);
    bytes.try_into().unwrap()
}

fn of_big(integer: &BigUint) -> Felt252 {
    Felt252::from_le_bytes(&bytes(&(integer % modulus()))).unwrap()
}

/// The element in the implementation that Starknet's tools have.
pub(super) fn peer(felt: Felt252) -> Felt {
    Felt::from_bytes_le(&felt.to_le_bytes())
}

/// That what was computed is below the modulus in memory too, so that what comes next is right as well.
fn assert_reduced<const N: usize>(felts: [Felt252; N]) {
    assert!(felts.iter().all(|felt| U256(felt.0) < U256(P)), "{felts:?}");
}

/// Elements near the places where a limb, a carry or a reduction begins or ends: of the integer, and of what is in memory for it.
pub(super) fn edges() -> Vec<Felt252> {
    let p = modulus();
    let powers = [0u32, 1, 31, 63, 64, 65, 127, 128, 191, 192, 193, 250, 251].map(|bits| BigUint::from(1u8) << bits);
    let near = |integer: BigUint| [&integer + &p - 1u8, integer.clone(), integer + 1u8];
    let integers = powers.into_iter().chain([BigUint::ZERO, &p / 2u8, &p - 1u8]).flat_map(near);
    let mut edges: Vec<_> = integers.map(|integer| of_big(&integer)).collect();
    for low in [0, 1, 1 << 63, u64::MAX - 1, u64::MAX] {
        for [second, third] in [[0, 0], [0, u64::MAX], [u64::MAX, 0], [u64::MAX, u64::MAX]] {
            let limbs = [0, 1, P_TOP - 1, P_TOP].map(|top| U256([low, second, third, top]));
            edges.extend(limbs.into_iter().filter(|limbs| *limbs < U256(P)).map(|limbs| Felt252(limbs.0)));
        }
    }
    edges
}

/// Elements that look random, the same in each run.
pub(super) fn random(count: u64) -> Vec<Felt252> {
    let hashed = (0..).map(|index: u64| <Blake3_256<Felt252>>::hash(&index.to_le_bytes()));
    let found = hashed.filter_map(|digest| Felt252::from_random_bytes(&digest.to_bytes()));
    found.take(count as usize).collect()
}

/// Operations on two elements, against integers and against Starknet's tools.
fn check_pair(a: Felt252, b: Felt252) {
    let p = modulus();
    let (x, y) = (big(a), big(b));
    let found = [a + b, a - b, a * b];
    assert_eq!(found.map(big), [(&x + &y) % &p, (&x + &p - &y) % &p, &x * &y % &p], "{a} {b}");
    let (c, d) = (peer(a), peer(b));
    assert_eq!(found.map(peer), [c + d, c - d, c * d], "{a} {b}");
    assert_reduced(found);
}

/// Operations on one element, likewise.
fn check_one(a: Felt252) {
    let p = modulus();
    let (x, c) = (big(a), peer(a));
    assert_eq!(of_limbs(a.0), (&x << 256u32) % &p, "{a}");
    let found = [-a, a.double(), a.square(), a.inv()];
    assert_eq!(found[..3].iter().map(|felt| big(*felt)).collect::<Vec<_>>(), [(&p - &x) % &p, &x * 2u8 % &p, &x * &x % &p], "{a}");
    assert_eq!(big(a.inv()) * &x % &p, BigUint::from(a != Felt252::ZERO), "{a}");
    assert_eq!(found.map(peer), [-c, c.double(), c.square(), c.inverse().unwrap_or(Felt::ZERO)], "{a}");
    assert_reduced(found);
    assert_eq!(a.to_u64(), u64::try_from(x).ok());
}

#[test]
fn the_constants_are_what_they_say() {
    let p = modulus();
    assert_eq!(of_limbs(P), p);
    assert_eq!(of_limbs(R), (BigUint::from(1u8) << 256u32) % &p);
    assert_eq!(of_limbs(R_SQUARED), (BigUint::from(1u8) << 512u32) % &p);
    assert_eq!(Felt252::get_modulus_le_bytes(), p.to_bytes_le());
    assert_eq!(u64::from(Felt252::MODULUS_BITS), p.bits());
    assert_eq!((big(Felt252::ZERO), big(Felt252::ONE)), (BigUint::ZERO, BigUint::from(1u8)));
}

/// An element has full order if for no prime factor `f` of `p - 1` its power `(p - 1) / f` is 1.
#[test]
fn the_generator_has_full_order() {
    let is_prime = |number: u64| (2..).take_while(|divisor| divisor * divisor <= number).all(|divisor| !number.is_multiple_of(divisor));
    let factors = [5, 7, 98_714_381, 166_848_103];
    assert!(factors.into_iter().all(is_prime));
    let order = modulus() - 1u8;
    assert_eq!(BigUint::from(factors.into_iter().product::<u64>()) << Felt252::TWO_ADICITY, order);

    assert_eq!(Felt252::GENERATOR, Felt252::new(3));
    for factor in factors {
        assert_ne!(Felt252::GENERATOR.exp(of_big(&(&order / factor)).as_int()), Felt252::ONE, "{factor}");
    }
    // For the factor 2: no square.
    assert_eq!(Felt252::GENERATOR.exp(of_big(&(&order / 2u8)).as_int()), -Felt252::ONE);
}

#[test]
fn roots_of_unity_have_their_order() {
    let odd = (modulus() - 1u8) >> Felt252::TWO_ADICITY;
    assert!(odd.bit(0));
    assert_eq!(big(Felt252::TWO_ADIC_ROOT_OF_UNITY), BigUint::from(3u8).modpow(&odd, &modulus()));
    assert_eq!(Felt252::get_root_of_unity(Felt252::TWO_ADICITY), Felt252::TWO_ADIC_ROOT_OF_UNITY);
    for log in 1..=Felt252::TWO_ADICITY {
        let half = (1..log).fold(Felt252::get_root_of_unity(log), |power, _| power.square());
        assert_eq!(half, -Felt252::ONE, "{log}");
    }
}

#[test]
fn operations_are_right_at_the_edges() {
    let edges = edges();
    for a in &edges {
        check_one(*a);
        edges.iter().for_each(|b| check_pair(*a, *b));
    }
}

#[test]
fn operations_are_right_for_random_elements() {
    let elements = random(20_001);
    elements.windows(2).for_each(|pair| check_pair(pair[0], pair[1]));
    elements.iter().for_each(|element| check_one(*element));
}

#[test]
fn quotients_are_products_with_inverses() {
    assert_eq!(Felt252::ZERO.inv(), Felt252::ZERO);
    assert_eq!(Felt252::ONE / Felt252::ZERO, Felt252::ZERO);
    let elements = random(100);
    assert_eq!(batch_inversion(&elements), elements.iter().map(|element| element.inv()).collect::<Vec<_>>());
    assert!(elements.windows(2).all(|pair| pair[0] / pair[1] * pair[1] == pair[0]));
}

#[test]
fn assigning_operators_do_what_the_others_do() {
    let [a, b] = [Felt252::TWO_ADIC_ROOT_OF_UNITY, Felt252::GENERATOR];
    let mut found = [a; 4];
    found[0] += b;
    found[1] -= b;
    found[2] *= b;
    found[3] /= b;
    assert_eq!(found, [a + b, a - b, a * b, a / b]);
}

#[test]
fn powers_are_right() {
    let elements = random(500);
    let exponents = edges().into_iter().chain(elements.iter().rev().copied());
    for (base, exponent) in elements.iter().copied().cycle().zip(exponents) {
        let found = base.exp(exponent.as_int());
        assert_eq!(big(found), big(base).modpow(&big(exponent), &modulus()), "{base} {exponent}");
        assert_eq!(peer(found), peer(base).pow_felt(&peer(exponent)), "{base} {exponent}");
    }
    assert_eq!(Felt252::ZERO.exp(U256::from(0u32)), Felt252::ONE);
}

#[test]
fn integers_are_ordered_by_their_highest_limb_that_differs() {
    let ascending = [[0, 0, 0, 0], [u64::MAX, 0, 0, 0], [0, 1, 0, 0], [u64::MAX, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, P_TOP]];
    assert!(ascending.map(U256).is_sorted_by(|a, b| a < b));
}

#[test]
fn integers_are_shifted_over_their_limbs() {
    let big = |integer: U256| of_limbs(integer.0);
    let all = U256([u64::MAX; 4]);
    for integer in random(5).into_iter().map(|felt| felt.as_int()).chain([all]) {
        for shift in [0, 1, 4, 63, 64, 65, 127, 128, 192, 255, 256, 300] {
            assert_eq!(big(integer << shift), (big(integer) << shift) & big(all), "{shift}");
            assert_eq!(big(integer >> shift), big(integer) >> shift, "{shift}");
            let mut shifted = integer;
            shifted >>= U256::from(shift);
            assert_eq!(shifted, integer >> shift);
        }
        for huge in [U256::from(u64::MAX), U256([1, 1, 0, 0]), all] {
            let mut shifted = integer;
            shifted >>= huge;
            assert_eq!(shifted, U256::from(0u32));
        }
    }
}

#[test]
fn integers_of_all_types_become_elements() {
    for value in [0u64, 1, 255, 65535, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(big(Felt252::from(value)), BigUint::from(value));
        assert_eq!(Felt252::from(u128::from(value)), Felt252::new(value));
    }
    assert_eq!(big(Felt252::from(u128::MAX)), BigUint::from(u128::MAX));
    assert_eq!([Felt252::from(7u8), Felt252::from(7u16), Felt252::from(7u32)], [Felt252::new(7); 3]);
    assert_eq!([Felt252::from(false), Felt252::from(true)], [Felt252::ZERO, Felt252::ONE]);
}

/// Integers of 32 bytes that are not below the modulus.
fn not_below_the_modulus() -> [BigUint; 4] {
    let p = modulus();
    [p.clone(), &p + 1u8, &p * 2u8, (BigUint::from(1u8) << 256u32) - 1u8]
}

#[test]
fn elements_are_written_as_integers_below_the_modulus() {
    for felt in edges().into_iter().chain(random(100)) {
        let written = felt.to_le_bytes();
        assert_eq!(written, bytes(&big(felt)));
        assert_eq!(felt.to_bytes(), written);
        assert_eq!(felt.get_size_hint(), written.len());
        assert_eq!(Felt252::from_le_bytes(&written), Some(felt));
        assert_eq!(Felt252::try_from(&written[..]), Ok(felt));
        assert_eq!(Felt252::read_from_bytes(&written), Ok(felt));
        assert_eq!(Felt252::from_random_bytes(&written), Some(felt));
    }
}

#[test]
fn bytes_of_an_integer_that_is_not_below_the_modulus_are_refused() {
    assert_eq!(Felt252::from_le_bytes(&bytes(&(modulus() - 1u8))), Some(-Felt252::ONE));
    for integer in not_below_the_modulus() {
        let refused = bytes(&integer);
        assert_eq!(Felt252::from_le_bytes(&refused), None);
        let message = "no element of the Stark field: it is not below the modulus";
        assert_eq!(Felt252::read_from_bytes(&refused), Err(DeserializationError::InvalidValue(message.into())));
        assert_eq!(Felt252::try_from(&refused[..]), Err(DeserializationError::InvalidValue(message.into())));
    }
}

#[test]
fn the_remainder_of_any_bytes_is_an_element() {
    let below = edges().into_iter().map(big).collect::<Vec<_>>();
    for integer in not_below_the_modulus().into_iter().chain(below) {
        let found = Felt252::remainder(&bytes(&integer));
        assert_eq!(big(found), integer % modulus());
        assert_reduced([found]);
    }
}

#[test]
fn bytes_of_another_length_are_refused() {
    for length in [0, 31, 33, 64] {
        let message = "no element of the Stark field: there are not 32 bytes";
        assert_eq!(Felt252::try_from(&vec![0; length][..]), Err(DeserializationError::InvalidValue(message.into())));
    }
    assert_eq!(Felt252::read_from_bytes(&[0; 31]), Err(DeserializationError::UnexpectedEOF));
}

#[test]
fn hashes_are_over_the_bytes_that_are_written() {
    type Hash = Blake3_256<Felt252>;
    let elements = random(5);
    let written: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
    assert_eq!(Hash::hash_elements(&elements), Hash::hash(&written));
}

#[test]
fn texts_are_hexadecimal_and_without_zeros_before_the_number() {
    for felt in edges().into_iter().chain(random(100)) {
        let text = felt.to_string();
        assert_eq!(text, format!("{:#x}", big(felt)));
        assert_eq!(text, peer(felt).to_hex_string());
        assert_eq!(text, format!("{felt:?}"));
        assert_eq!(text.parse(), Ok(felt));
    }
    assert_eq!(Felt252::ZERO.to_string(), "0x0");
    assert_eq!(format!("0x{}1", "0".repeat(63)).parse(), Ok(Felt252::ONE));
    assert_eq!("0xAbC".parse(), Ok(Felt252::new(0xabc)));
}

#[test]
fn texts_that_are_no_felts_are_refused() {
    for integer in not_below_the_modulus() {
        assert_eq!(format!("{integer:#x}").parse::<Felt252>(), Err(ParseFeltError), "{integer:x}");
    }
    let long = format!("0x{}1", "0".repeat(64));
    for text in ["", "0", "1", "x1", "0x", "0X1", "0xg", "0x-1", "0x+1", "-0x1", " 0x1", "0x1 ", "0x_1", "0x\u{e9}", &long] {
        assert_eq!(text.parse::<Felt252>(), Err(ParseFeltError), "{text}");
    }
}

#[test]
fn random_bytes_are_an_element_only_if_their_lowest_252_bits_are_below_the_modulus() {
    assert_eq!(Felt252::VALUE_SIZE, 32);
    // The four highest bits are not looked at.
    for high in [0x00, 0x10, 0x80, 0xf0] {
        let masked = |integer: &BigUint| {
            let mut bytes = bytes(integer);
            bytes[31] |= high;
            bytes
        };
        assert_eq!(Felt252::from_random_bytes(&masked(&(modulus() - 1u8))), Some(-Felt252::ONE));
        assert_eq!(Felt252::from_random_bytes(&masked(&modulus())), None);
    }
    assert_eq!(Felt252::from_random_bytes(&[255; 32]), None);
    assert_eq!(Felt252::from_random_bytes(&[0; 31]), None);
}

#[test]
fn slices_of_elements_and_of_bytes_are_cast_both_ways() {
    let elements = random(3);
    let bytes = Felt252::elements_as_bytes(&elements);
    assert_eq!(bytes.len(), 96);
    #[expect(unsafe_code, reason = "the method under test is unsafe")]
    // SAFETY: the bytes are those of elements.
    let cast = |bytes| unsafe { Felt252::bytes_as_elements(bytes) };
    assert_eq!(cast(bytes), Ok(&elements[..]));
    assert!(cast(&bytes[..95]).is_err());
    assert!(cast(&bytes[1..33]).is_err());
    assert_eq!(elements[0].as_bytes(), &bytes[..32]);
}

#[test]
fn a_polynomial_is_interpolated_from_its_values() {
    let coefficients = random(64);
    let mut values = coefficients.clone();
    fft::evaluate_poly(&mut values, &fft::get_twiddles(64));
    let point = Felt252::get_root_of_unity(6).exp(5u32.into());
    assert_eq!(values[5], coefficients.iter().rfold(Felt252::ZERO, |sum, coefficient| sum * point + *coefficient));
    fft::interpolate_poly(&mut values, &fft::get_inv_twiddles(64));
    assert_eq!(values, coefficients);
}

#[test]
fn the_field_is_not_extended() {
    assert!(!<Felt252 as ExtensibleField<2>>::is_supported());
    assert!(!<Felt252 as ExtensibleField<3>>::is_supported());
}
