//! Why an execution failed, in words: the panic of the contract that failed first.

use starknet_rust::core::types::{ContractExecutionError, Felt};

use crate::text;

/// What the network adds to a panic for each call that it passes through.
const PASSED_THROUGH: [&str; 1] = ["ENTRYPOINT_FAILED"];
/// Begins a panic whose message is a byte array (`core::byte_array::BYTE_ARRAY_MAGIC`).
const BYTE_ARRAY_MAGIC: Felt = Felt::from_hex_unchecked("0x46a6158a16a947e5916b2a2ca68501a45e93d7110e81aa2d6438b1c57c879a3");

/// The most felts of panic data that are looked at, and the most messages that are taken from them.
const FELTS: usize = 300;
const MESSAGES: usize = 8;

/// What the call said that failed first: others called it and failed with it.
pub fn innermost(mut error: &ContractExecutionError) -> &str {
    loop {
        match error {
            ContractExecutionError::Nested(nested) => error = &nested.error,
            ContractExecutionError::Message(text) => return text,
        }
    }
}

/// The message in what a call said, as it may be shown: the last panic data in it, decoded, or the text itself if there are none.
pub fn message(text: &str) -> String {
    let data = panic_data(text);
    let messages = decode(&data);
    if messages.is_empty() { text::shown(text) } else { text::shown(&messages.join(", ")) }
}

/// The felts of panic data in a text, in which nodes write each as hexadecimal digits, in quotation marks or followed by its characters in
/// parentheses. Other numbers may come before the panic data, which follow the words `Failure reason` or are a list that makes up all the
/// text.
fn panic_data(text: &str) -> Vec<Felt> {
    let tail = match text.rfind("Failure reason:") {
        Some(found) => &text[found..],
        None if text.trim_start().starts_with(['(', '[']) => text,
        None => return Vec::new(),
    };
    let digits = |word: &str| word.len() - word.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len();
    // Each call that the panic passed through has a line of its own, with numbers that are none of the panic's.
    let lines = tail.lines().filter(|line| !line.contains("contract address: 0x"));
    let words = lines.flat_map(|line| line.match_indices("0x").map(|(at, _)| &line[at + 2..]));
    words
        .filter_map(|word| Felt::from_hex(&format!("0x{}", word.get(..digits(word)).filter(|digits| digits.len() <= 64)?)).ok())
        .take(FELTS)
        .collect()
}

/// The messages in panic data.
fn decode(data: &[Felt]) -> Vec<String> {
    let mut messages = Vec::new();
    let mut rest = data;
    while let Some((first, others)) = rest.split_first()
        && messages.len() < MESSAGES
    {
        let (message, behind) = match *first == BYTE_ARRAY_MAGIC {
            true => byte_array(others).unwrap_or_else(|| (short_string(*first), others)),
            false => (short_string(*first), others),
        };
        rest = behind;
        if !PASSED_THROUGH.contains(&message.as_str()) && !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages
}

fn byte_array(data: &[Felt]) -> Option<(String, &[Felt])> {
    let mut rest = data.iter();
    let bytes = text::byte_array(&mut rest)?;
    Some((text::shown_bytes(&bytes), rest.as_slice()))
}

/// A felt as the characters that it stands for, or as a number.
fn short_string(felt: Felt) -> String {
    text::short_string(felt).unwrap_or_else(|| format!("{felt:#x}"))
}

#[cfg(test)]
mod tests {
    use starknet_rust::core::codec::Encode;
    use starknet_rust::core::types::{ByteArray, InnerContractExecutionError};
    use starknet_rust::core::utils::cairo_short_string_to_felt;

    use super::*;

    fn hex(text: &str) -> String {
        format!("{:#x}", cairo_short_string_to_felt(text).unwrap())
    }

    #[test]
    fn the_first_panic_is_the_message() {
        let text = format!(
            "Transaction execution has failed:\n0: Error in the called contract (contract address: 0x1234, class hash: 0x5678, selector: 0x9a):\n\
             Execution failed. Failure reason:\n({} ('input has the wrong length'), {} ('ENTRYPOINT_FAILED')).\n",
            hex("input has the wrong length"),
            hex("ENTRYPOINT_FAILED")
        );
        assert_eq!(message(&text), "input has the wrong length");
        let array = format!("[\"{}\",\"{}\"]", hex("registry: not the owner"), hex("ENTRYPOINT_FAILED"));
        assert_eq!(message(&array), "registry: not the owner");
    }

    #[test]
    fn the_calls_that_a_panic_passed_through_are_not_its_message() {
        let frame = "Error in contract (contract address: 0x0260, class hash: 0x05b4, selector: 0x015d):\n";
        for frames in 0..5 {
            let panic = hex("vault: the window has a gap");
            let text = format!(
                "Transaction execution has failed:\n0: {frame}Execution failed. Failure reason:\n{}{panic} ('vault: ..').\n [\"{panic}\"]",
                frame.repeat(frames)
            );
            assert_eq!(message(&text), "vault: the window has a gap", "{frames} calls");
        }
    }

    #[test]
    fn messages_longer_than_a_felt_are_put_together() {
        let long = "a message that is longer than thirty-one characters, as panic! gives it";
        let mut felts = vec![BYTE_ARRAY_MAGIC];
        ByteArray::from(long).encode(&mut felts).unwrap();
        felts.push(cairo_short_string_to_felt("ENTRYPOINT_FAILED").unwrap());
        assert_eq!(decode(&felts), [long]);
        // One that is cut off is shown as numbers, and not lost.
        assert_eq!(decode(&felts[..2]).len(), 2);
    }

    #[test]
    fn what_is_no_panic_is_shown_as_it_is() {
        let text = "Error in the called contract (contract address: 0x1234): out of gas\n";
        assert_eq!(message(text), text.trim());
        assert_eq!(message("Class with hash 0x1234 is already declared."), "Class with hash 0x1234 is already declared.");
        assert_eq!(decode(&[Felt::from(5)]), ["0x5"]);
    }

    #[test]
    fn panic_data_that_promise_more_than_they_hold_are_shown_as_numbers() {
        // As many words, as long a last word.
        for lie in
            [[Felt::MAX, Felt::ZERO, Felt::ZERO], [Felt::from(1u64 << 58), Felt::ONE, Felt::ONE], [Felt::ZERO, Felt::ONE, Felt::from(40)]]
        {
            let data = [&[BYTE_ARRAY_MAGIC], &lie[..]].concat();
            let messages = decode(&data);
            assert!(messages[0].starts_with("0x46a6158a") && messages.len() > 1, "{messages:?}");
        }
    }

    #[test]
    fn a_panic_is_bounded_and_cannot_act_on_a_terminal() {
        let mut felts = vec![BYTE_ARRAY_MAGIC];
        ByteArray::from("\u{1b}[2Jgone\u{202e}").encode(&mut felts).unwrap();
        let text = |felts: &[Felt]| {
            let felts: Vec<String> = felts.iter().map(|felt| format!("{felt:#x}")).collect();
            format!("Execution failed. Failure reason: ({}).", felts.join(", "))
        };
        assert_eq!(message(&text(&felts)), "\\u{1b}[2Jgone\\u{202e}");
        // Bytes that are not text, between others.
        let mut felts = vec![BYTE_ARRAY_MAGIC];
        ByteArray::from(b"a\xffb".to_vec()).encode(&mut felts).unwrap();
        assert_eq!(message(&text(&felts)), "a\\xffb");
        assert_eq!(message("out of \u{1b}[31mgas\u{9b}"), "out of \\u{1b}[31mgas\\u{9b}");
        // Many messages, and a long one.
        let many: Vec<Felt> = (1..100_000u64).map(Felt::from).collect();
        assert_eq!(message(&text(&many)).split(", ").count(), MESSAGES);
        assert!(message(&"long ".repeat(10_000)).len() < 1_100);
        assert!(message(&format!("(0x{})", "1".repeat(100_000))).len() < 1_100);
    }

    #[test]
    fn calls_in_calls_are_gone_through_however_many_there_are() {
        let mut error = ContractExecutionError::Message(format!("({})", hex("the innermost")));
        for _ in 0..100 {
            error = ContractExecutionError::Nested(InnerContractExecutionError {
                contract_address: Felt::ONE,
                class_hash: Felt::ONE,
                selector: Felt::ONE,
                error: error.into(),
            });
        }
        assert_eq!(message(innermost(&error)), "the innermost");
    }
}
