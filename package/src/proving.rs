//! What a package says about proofs, and its form in the manifest: the model's commitment, or why the model cannot be proven.

use std::collections::BTreeSet;

use maat_verifier::layout::Layout;
use maat_verifier::{Entries, Entry, ModelCommitment, Preset, hex, parse_hex};
use serde::{Deserialize, Serialize};

/// Whether inferences of a model can be proven, and under which commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Proving {
    /// They can.
    Committed {
        /// The model's identity in every proof.
        commitment: ModelCommitment,
        /// What it commits to: the fixed columns for every preset, `starknet` if it was asked for, and every batch size that was requested.
        entries: Entries,
    },
    /// The model has no proofs.
    Unprovable {
        /// Why.
        reason: String,
    },
}

impl Proving {
    /// The model's identity in every proof, if it has proofs.
    pub fn commitment(&self) -> Option<&ModelCommitment> {
        match self {
            Self::Committed { commitment, .. } => Some(commitment),
            Self::Unprovable { .. } => None,
        }
    }

    /// The batch sizes that can be proven.
    pub fn batches(&self) -> Vec<u32> {
        match self {
            Self::Committed { entries, .. } => {
                let sizes: BTreeSet<u32> = entries.as_slice().iter().map(|entry| entry.batch).collect();
                sizes.into_iter().collect()
            }
            Self::Unprovable { .. } => Vec::new(),
        }
    }
}

/// The same, as the manifest stores it.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    model_commitment: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entries: Vec<WrittenEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unprovable: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
struct WrittenEntry {
    preset: String,
    layout: String,
    batch: u32,
    rows: u32,
    inputs: u32,
    outputs: u32,
    /// Of a private model: how many one-time roots the root below is over.
    #[serde(default, skip_serializing_if = "is_zero")]
    one_time_roots: u32,
    fixed_root: String,
}

/// Whether a model is public.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(one_time_roots: &u32) -> bool {
    *one_time_roots == 0
}

impl From<Proving> for Written {
    fn from(proving: Proving) -> Self {
        match proving {
            Proving::Committed { commitment, entries } => {
                let entries = entries.as_slice().iter().map(WrittenEntry::from).collect();
                Self { model_commitment: Some(commitment.to_string()), entries, unprovable: None }
            }
            Proving::Unprovable { reason } => Self { model_commitment: None, entries: Vec::new(), unprovable: Some(reason) },
        }
    }
}

impl TryFrom<Written> for Proving {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written { model_commitment: Some(commitment), entries, unprovable: None } => {
                let entries = entries.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
                Ok(Self::Committed {
                    commitment: commitment.parse().map_err(|error| format!("{error}"))?,
                    entries: Entries::new(entries).map_err(|error| error.to_string())?,
                })
            }
            Written { model_commitment: None, entries, unprovable: Some(reason) } if entries.is_empty() => Ok(Self::Unprovable { reason }),
            _ => Err("it must have either a model commitment with its entries, or the reason why there is none".to_owned()),
        }
    }
}

impl From<&Entry> for WrittenEntry {
    fn from(entry: &Entry) -> Self {
        let Entry { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root } = *entry;
        let (preset, layout, fixed_root) = (preset.to_string(), layout.name.to_owned(), hex(&fixed_root));
        Self { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root }
    }
}

impl TryFrom<WrittenEntry> for Entry {
    type Error = String;

    fn try_from(written: WrittenEntry) -> Result<Self, String> {
        let WrittenEntry { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root } = written;
        let preset = preset.parse::<Preset>().map_err(|error| error.to_string())?;
        let layout = Layout::named(&layout).ok_or_else(|| format!("there is no layout {layout:?}"))?;
        let fixed_root = parse_hex(&fixed_root).ok_or_else(|| format!("a root is 0x and 64 hexadecimal digits, not {fixed_root:?}"))?;
        Ok(Self { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root })
    }
}

/// How a manifest's entries differ from its model's, in words.
pub fn differences(manifest: &Entries, model: &Entries) -> Vec<String> {
    let keys: BTreeSet<_> = manifest.as_slice().iter().chain(model.as_slice()).map(|entry| (entry.preset, entry.batch)).collect();
    let differences = keys.into_iter().flat_map(|(preset, batch)| {
        let of = format!("preset {preset}, batches of {batch}");
        match (manifest.find(preset, batch), model.find(preset, batch)) {
            (Some(manifest), Some(model)) => values(manifest)
                .into_iter()
                .zip(values(model))
                .filter(|(manifest, model)| manifest != model)
                .map(|((what, manifest), (_, model))| format!("{of}: {what} {manifest} in the manifest, {model} from the model"))
                .collect(),
            (None, _) => vec![format!("{of}: the manifest has no entry")],
            (_, None) => vec![format!("{of}: the model has no entry")],
        }
    });
    differences.collect()
}

fn values(entry: &Entry) -> [(&'static str, String); 6] {
    let Entry { preset: _, layout, batch: _, rows, inputs, outputs, one_time_roots, fixed_root } = entry;
    [
        ("layout", layout.name.to_owned()),
        ("rows", rows.to_string()),
        ("inputs", inputs.to_string()),
        ("outputs", outputs.to_string()),
        ("number of one-time roots", one_time_roots.to_string()),
        ("fixed root", hex(fixed_root)),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(preset: Preset) -> Entry {
        let (layout, fixed_root) = (Layout::base(), [7; 32]);
        Entry { preset, layout, batch: 1, rows: 2048, inputs: 3, outputs: 2, one_time_roots: 0, fixed_root }
    }

    fn committed() -> Proving {
        let entry = |preset, batch| Entry { batch, fixed_root: [batch as u8; 32], ..entry(preset) };
        let entries = Entries::new(vec![entry(Preset::Fast, 16), entry(Preset::Fast, 1), entry(Preset::Onchain, 1)]).unwrap();
        Proving::Committed { commitment: entries.commitment(), entries }
    }

    fn read(value: &Value) -> Result<Proving, String> {
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let unprovable = Proving::Unprovable { reason: "too large".to_owned() };
        assert_eq!(serde_json::to_value(&unprovable).unwrap(), json!({ "model_commitment": null, "unprovable": "too large" }));
        let written = serde_json::to_value(committed()).unwrap();
        let root = hex(&[1; 32]);
        let first = json!({ "preset": "fast", "layout": "base", "batch": 1, "rows": 2048, "inputs": 3, "outputs": 2, "fixed_root": root });
        assert_eq!(written["entries"][0], first);
        let private = Entry { layout: Layout::wide(), one_time_roots: 64, ..entry(Preset::Balanced) };
        let private = Entries::new(vec![private]).unwrap();
        let private = Proving::Committed { commitment: private.commitment(), entries: private };
        let written = serde_json::to_value(&private).unwrap();
        assert_eq!((&written["entries"][0]["layout"], &written["entries"][0]["one_time_roots"]), (&json!("wide"), &json!(64)));
        assert_eq!(read(&written), Ok(private));
        assert_eq!(read(&serde_json::to_value(committed()).unwrap()), Ok(committed()));
        assert_eq!(read(&serde_json::to_value(&unprovable).unwrap()), Ok(unprovable));
        assert_eq!(committed().batches(), [1, 16]);
    }

    #[test]
    fn each_difference_is_named() {
        let entry = |preset, batch| Entry { batch, ..entry(preset) };
        let entries = |entries: &[Entry]| Entries::new(entries.to_vec()).unwrap();
        let (one, two) = (entry(Preset::Fast, 1), entry(Preset::Fast, 2));
        assert_eq!(differences(&entries(&[one, two]), &entries(&[one, two])), Vec::<String>::new());
        let other = Entry { rows: 4096, ..two };
        let found = differences(&entries(&[one, two]), &entries(&[one, other]));
        assert_eq!(found, ["preset fast, batches of 2: rows 2048 in the manifest, 4096 from the model"]);
        assert_eq!(differences(&entries(&[two]), &entries(&[one, two])), ["preset fast, batches of 1: the manifest has no entry"]);
        assert_eq!(differences(&entries(&[one, two]), &entries(&[one])), ["preset fast, batches of 2: the model has no entry"]);
        let foreign = Entry { fixed_root: [0; 32], ..one };
        assert!(differences(&entries(&[one]), &entries(&[foreign]))[0].contains("fixed root 0x0707"));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let refused = |change: fn(&mut Value)| {
            let mut written = serde_json::to_value(committed()).unwrap();
            change(&mut written);
            read(&written).unwrap_err()
        };
        assert!(refused(|value| value["unprovable"] = "because".into()).contains("either a model commitment"));
        assert!(refused(|value| value["model_commitment"] = Value::Null).contains("either a model commitment"));
        assert!(refused(|value| value["model_commitment"] = "0x12".into()).contains("a model commitment is 0x00"));
        assert!(refused(|value| value["entries"][0]["rows"] = 5.into()).contains("5 rows are not a power of two"));
        assert!(refused(|value| value["entries"][0]["preset"] = "slow".into()).contains("no preset \"slow\""));
        assert!(refused(|value| value["entries"][0]["layout"] = "slim".into()).contains("no layout \"slim\""));
        assert!(refused(|value| value["entries"][0]["one_time_roots"] = 3.into()).contains("3 one-time roots are not a power of two"));
        assert!(refused(|value| value["entries"][0]["one_time_roots"] = 4.into()).contains("a model is private or it is not"));
        for root in ["", "0x", "0x12", "12", &hex(&[7; 32])[1..], &hex(&[7; 32])[..65], "0xé"] {
            let mut written = serde_json::to_value(committed()).unwrap();
            written["entries"][0]["fixed_root"] = root.into();
            assert!(read(&written).unwrap_err().contains("a root is 0x and 64 hexadecimal digits"), "{root}");
        }
    }
}
