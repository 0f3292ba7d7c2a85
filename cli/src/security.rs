//! How hard a false proof is to find, and what proofs hide and what not: the same words in every verb that makes or checks a proof.

use maat_verifier::{Hash, Mode, Preset, Security, Values};
use serde_json::{Value, json};

/// Said of plain proofs, wherever privacy could be assumed.
pub const NOT_ZERO_KNOWLEDGE: &str =
    "Plain proofs are succinct and NOT zero-knowledge: they leak some of the weights. `maat prove --hide` makes proofs that hide.";

/// The same, of Cairo proofs.
pub const CAIRO_NOT_ZERO_KNOWLEDGE: &str =
    "Proofs are succinct and NOT zero-knowledge: a Cairo proof holds the whole program with all weights, and its output.";

/// The conjectured bits that a proof is expected to have.
const USUAL_BITS: u32 = 96;

/// What a model proof hides and what not.
pub struct Privacy<'a> {
    pub mode: Mode,
    pub inputs: &'a Values,
    pub outputs: &'a Values,
    /// The one-time root that it spends, and how many there are, if the model is private.
    pub one_time: Option<(u32, u32)>,
}

impl Privacy<'_> {
    /// What nobody learns from the proof, under the conditions of docs/zero-knowledge.md.
    fn hidden(&self) -> Vec<&'static str> {
        if !self.mode.is_hiding() {
            return Vec::new();
        }
        let mut hidden = Vec::new();
        for (side, values) in [("the inputs", self.inputs), ("the outputs", self.outputs)] {
            if values.as_public().is_none() {
                hidden.push(side);
            }
        }
        if self.one_time.is_some() {
            hidden.push("the weights");
        }
        hidden.push("what the model computes in between");
        hidden
    }

    /// What everybody learns.
    fn visible(&self) -> Vec<&'static str> {
        let mut visible = Vec::new();
        for (side, values) in [("the inputs", self.inputs), ("the outputs", self.outputs)] {
            if values.as_public().is_some() {
                visible.push(side);
            }
        }
        visible.extend([
            "the batch size",
            "how many inputs and outputs there are",
            "the length of the trace",
            "the time that proving took",
        ]);
        visible.push(if self.one_time.is_some() { "how many proofs were made before this one" } else { "the model" });
        visible
    }

    /// For people, a few lines.
    pub fn text(&self) -> String {
        if !self.mode.is_hiding() {
            return NOT_ZERO_KNOWLEDGE.to_owned();
        }
        let mut lines = vec![
            format!("The proof is zero-knowledge, under the conditions of docs/zero-knowledge.md. Hidden: {}.", listed(&self.hidden())),
            format!("NOT hidden: {}, and what follows from any of these.", self.visible().join(", ")),
        ];
        if let Some((index, count)) = self.one_time {
            lines.push(format!(
                "It spends the one-time root with index {index}, of {count} from 0 on. Should there be another proof with it, the weights are no \
                 longer secret."
            ));
        }
        lines.join("\n")
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let one_time = self.one_time.map(|(index, count)| json!({ "index": index, "count": count }));
        json!({ "hidden": self.hidden(), "visible": self.visible(), "one_time_root": one_time, "conditions": "docs/zero-knowledge.md" })
    }
}

/// A list in words.
fn listed(items: &[&str]) -> String {
    match items {
        [items @ .., last] if !items.is_empty() => format!("{}, and {last}", items.join(", ")),
        items => items.concat(),
    }
}

/// How hard a false proof is to find, for people.
pub fn security(security: &Security) -> String {
    format!("{} bits conjectured, {} bits proven", security.conjectured, security.proven)
}

/// The same, for machines.
pub fn security_json(security: &Security) -> Value {
    json!({ "conjectured": security.conjectured, "proven": security.proven })
}

/// How hard a false model proof is to find, and what that rests on: the commitment is a verifying key only once somebody recomputed it.
pub fn model_security(bits: &Security, preset: Preset, mode: Mode, private: bool) -> String {
    match unopened_bits(preset, mode, private) {
        0 => format!("{}, if an auditor recomputed the commitment; else NONE", security(bits)),
        unopened => format!("{}, if the commitment was recomputed from the model; else {unopened} bits", security(bits)),
    }
}

/// The same, for machines.
pub fn model_security_json(security: &Security, preset: Preset, mode: Mode, private: bool) -> Value {
    let mut value = security_json(security);
    value["if_not_recomputed"] = unopened_bits(preset, mode, private).into();
    value
}

/// What a commitment binds with that nobody recomputed. Each one-time root of a private model could then be another model's.
fn unopened_bits(preset: Preset, mode: Mode, private: bool) -> u32 {
    if private { 0 } else { preset.unopened_bits(mode) }
}

/// What is to be said of a model proof with fewer conjectured bits than [`USUAL_BITS`]: long traces have them.
pub fn weakness(security: &Security) -> Option<String> {
    (security.conjectured < USUAL_BITS).then(|| {
        format!(
            "the proof has {} conjectured bits of security, where {USUAL_BITS} are usual, as its trace is so long: `--preset balanced` has more, \
             and a smaller batch a shorter trace",
            security.conjectured
        )
    })
}

/// The hash function of a preset, by its name.
pub fn hash_name(preset: Preset) -> &'static str {
    match preset.hash() {
        Hash::Blake3 => "Blake3",
        Hash::Blake2s => "Blake2s",
        Hash::Poseidon => "Poseidon",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_bits_than_usual_are_said_loudly() {
        let of = |conjectured| weakness(&Security { conjectured, proven: 50 });
        assert_eq!([96, 97, 124].map(of), [None, None, None]);
        let said = of(95).unwrap();
        assert!(said.contains("95 conjectured bits") && said.contains("--preset balanced"), "{said}");
    }

    #[test]
    fn what_is_hidden_is_listed_in_words() {
        let values = |public: bool| if public { Values::Public(vec![1]) } else { Values::Hidden };
        let text =
            |inputs, outputs, one_time| Privacy { mode: Mode::Hiding, inputs: &values(inputs), outputs: &values(outputs), one_time }.text();
        let said = text(false, true, None);
        assert!(said.contains("Hidden: the inputs, and what the model computes in between.\nNOT hidden: the outputs, "), "{said}");
        let said = text(true, true, Some((2, 8)));
        assert!(
            said.contains("Hidden: the weights, and what the model computes in between.\nNOT hidden: the inputs, the outputs, "),
            "{said}"
        );
        let said = text(false, false, Some((2, 8)));
        assert!(said.contains("Hidden: the inputs, the outputs, the weights, and what the model computes in between."), "{said}");
        assert!(said.contains("the one-time root with index 2, of 8 from 0 on"), "{said}");
    }
}
