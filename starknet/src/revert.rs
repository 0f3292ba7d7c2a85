//! Why an execution failed, in words: the panic of the contract that failed first.

use starknet_rust::core::types::{ByteArray, ContractExecutionError, Felt};
use starknet_rust::core::utils::parse_cairo_short_string;

/// What the network adds to a panic for each call that it passes through.
const PASSED_THROUGH: [&str; 1] = ["ENTRYPOINT_FAILED"];
/// Begins a panic whose message is a byte array (`core::byte_array::BYTE_ARRAY_MAGIC`).
const BYTE_ARRAY_MAGIC: Felt = Felt::from_hex_unchecked("0x46a6158a16a947e5916b2a2ca68501a45e93d7110e81aa2d6438b1c57c879a3");

/// The message of an execution that failed.
pub fn message(error: &ContractExecutionError) -> String {
    match error {
        ContractExecutionError::Nested(nested) => message(&nested.error),
        ContractExecutionError::Message(text) => from_text(text),
    }
}

/// The message in a node's text: the panic data that stand in it last, decoded, or the text itself if there are none.
pub fn from_text(text: &str) -> String {
    let data = panic_data(text);
    let messages = decode(&data);
    if messages.is_empty() { text.trim().to_owned() } else { messages.join(", ") }
}

/// The felts of panic data in a text, in which nodes write each as hexadecimal digits, in quotation marks or followed by its characters in
/// parentheses. Other numbers may stand in front of the panic data, which follow the words `Failure reason` or are a list that makes up all the
/// text.
fn panic_data(text: &str) -> Vec<Felt> {
    let tail = match text.rfind("Failure reason:") {
        Some(found) => &text[found..],
        None if text.trim_start().starts_with(['(', '[']) => text,
        None => return Vec::new(),
    };
    let digits = |word: &str| word.len() - word.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len();
    let words = tail.match_indices("0x").map(|(at, _)| &tail[at + 2..]);
    words.filter_map(|word| Felt::from_hex(&format!("0x{}", &word[..digits(word)])).ok()).collect()
}

/// The messages in panic data.
fn decode(data: &[Felt]) -> Vec<String> {
    let mut messages = Vec::new();
    let mut rest = data;
    while let Some((first, others)) = rest.split_first() {
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
    use starknet_rust::core::codec::Decode;
    let mut rest = data.iter();
    let text = String::try_from(ByteArray::decode_iter(&mut rest).ok()?).ok()?;
    Some((text, rest.as_slice()))
}

/// A felt as the characters that it stands for, or as a number.
fn short_string(felt: Felt) -> String {
    match parse_cairo_short_string(&felt) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ') => text,
        _ => format!("{felt:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use starknet_rust::core::codec::Encode;
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
        assert_eq!(from_text(&text), "input has the wrong length");
        let array = format!("[\"{}\",\"{}\"]", hex("registry: not the owner"), hex("ENTRYPOINT_FAILED"));
        assert_eq!(from_text(&array), "registry: not the owner");
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
        assert_eq!(from_text(text), text.trim());
        assert_eq!(from_text("Class with hash 0x1234 is already declared."), "Class with hash 0x1234 is already declared.");
        assert_eq!(decode(&[Felt::from(5)]), ["0x5"]);
    }
}
