//! What a package says about its Cairo, and its form in the manifest: the hashes of the program and of the classes, or why there is none.

use serde::{Deserialize, Serialize};

use crate::manifest::ClassHashes;

/// Whether a package holds its model in Cairo, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Cairo {
    /// It does: sources, a program and classes.
    Compiled {
        /// Hash of the Cairo program, as StarkWare's bootloader computes it.
        program_hash: String,
        /// Hashes of the contract's class.
        class: ClassHashes,
        /// The classes of the network's parts, which the contract calls, in order; empty if the contract is one class.
        layer_classes: Vec<ClassHashes>,
    },
    /// It does not.
    Absent {
        /// Why.
        reason: String,
    },
}

/// The same, as the manifest stores it.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    program_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sierra_class_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    casm_class_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer_classes: Option<Vec<ClassHashes>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_cairo: Option<String>,
}

impl From<Cairo> for Written {
    fn from(cairo: Cairo) -> Self {
        match cairo {
            Cairo::Compiled { program_hash, class: ClassHashes { sierra_class_hash, casm_class_hash }, layer_classes } => Self {
                program_hash: Some(program_hash),
                sierra_class_hash: Some(sierra_class_hash),
                casm_class_hash: Some(casm_class_hash),
                layer_classes: Some(layer_classes),
                no_cairo: None,
            },
            Cairo::Absent { reason } => {
                Self { program_hash: None, sierra_class_hash: None, casm_class_hash: None, layer_classes: None, no_cairo: Some(reason) }
            }
        }
    }
}

impl TryFrom<Written> for Cairo {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written {
                program_hash: Some(program_hash),
                sierra_class_hash: Some(sierra_class_hash),
                casm_class_hash: Some(casm_class_hash),
                layer_classes: Some(layer_classes),
                no_cairo: None,
            } => Ok(Self::Compiled { program_hash, class: ClassHashes { sierra_class_hash, casm_class_hash }, layer_classes }),
            Written { program_hash: None, sierra_class_hash: None, casm_class_hash: None, layer_classes: None, no_cairo: Some(reason) } => {
                Ok(Self::Absent { reason })
            }
            _ => Err("it must have either the hashes of a program and of all classes, or the reason why there are none".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn hashes(digit: u8) -> ClassHashes {
        ClassHashes { sierra_class_hash: format!("0x{digit}"), casm_class_hash: format!("0x{digit}c") }
    }

    fn compiled() -> Cairo {
        Cairo::Compiled { program_hash: "0x7".to_owned(), class: hashes(1), layer_classes: vec![hashes(2)] }
    }

    fn read(value: Value) -> Result<Cairo, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let written = serde_json::to_value(compiled()).unwrap();
        assert_eq!(
            written,
            json!({
                "program_hash": "0x7", "sierra_class_hash": "0x1", "casm_class_hash": "0x1c",
                "layer_classes": [{ "sierra_class_hash": "0x2", "casm_class_hash": "0x2c" }],
            })
        );
        assert_eq!(read(written), Ok(compiled()));
        let absent = Cairo::Absent { reason: "too large".to_owned() };
        let written = serde_json::to_value(&absent).unwrap();
        assert_eq!(written, json!({ "program_hash": null, "no_cairo": "too large" }));
        assert_eq!(read(written), Ok(absent));
    }

    #[test]
    fn a_part_of_the_hashes_and_hashes_with_a_reason_are_refused() {
        for missing in ["program_hash", "sierra_class_hash", "casm_class_hash", "layer_classes"] {
            let mut written = serde_json::to_value(compiled()).unwrap();
            written.as_object_mut().unwrap().remove(missing);
            assert!(read(written).unwrap_err().contains("either the hashes of a program"), "{missing}");
        }
        let mut written = serde_json::to_value(compiled()).unwrap();
        written["no_cairo"] = "too large".into();
        assert!(read(written).unwrap_err().contains("either the hashes of a program"));
    }
}
