//! What is said of a record that hides the features: the same words wherever one is made or verified.

use maat_strategy::record::FeatureVisibility;
use serde_json::Value;

/// What such a record does not prove.
pub const NOT_PROVEN: &str = "features are hidden: each decision is one that the network gives on some inputs within its ranges; that these \
                              are the strategy's features of these prices is the maker's word";

/// What whoever made one has to know.
pub const MADE: &str = "The record hides the features and their values; docs/zero-knowledge.md says under which conditions. Prices, \
                        decisions, how many hours in a row the features look at, the policy and all limits are public, and whoever has the \
                        network can try features until the decisions fit. That they are the strategy's is your word.";

/// Adds what is left out of a record, or what its proofs leak, to an object for machines.
pub fn tell(object: &mut Value, features: FeatureVisibility) {
    match features {
        FeatureVisibility::Public => object["zero_knowledge"] = false.into(),
        FeatureVisibility::Hidden => object["not_proven"] = NOT_PROVEN.into(),
    }
}
