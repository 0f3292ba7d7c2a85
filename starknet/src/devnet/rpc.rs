//! What a local chain can be asked beyond Starknet's interface.

use std::time::Duration;

use serde_json::{Value, json};
use starknet_rust::core::types::Felt;

use crate::client::{causes, runtime};
use crate::config::parse_felt;
use crate::error::ChainError;
use crate::text::shown;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Whether a local chain answers.
pub fn is_alive(url: &str) -> bool {
    let ask = async {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().ok()?;
        client.get(format!("{url}/is_alive")).send().await.ok().filter(|answer| answer.status().is_success())
    };
    runtime().is_ok_and(|runtime| runtime.block_on(ask).is_some())
}

/// Calls a method.
pub fn request(url: &str, method: &str, params: &Value) -> Result<Value, ChainError> {
    let failed = |reason: String| ChainError::Devnet(format!("the local chain at {url} does not answer {method}: {}", shown(&reason)));
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let ask = async {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        client.post(url).header("Content-Type", "application/json").body(body).send().await?.text().await
    };
    let text = runtime()?.block_on(ask).map_err(|error| failed(causes(&error)))?;
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(failed(answer["error"].to_string())),
    }
}

/// Address and key of the first of the accounts that the local chain comes with.
///
/// # Errors
/// The chain does not answer, or is not starknet-devnet.
pub fn first_account(url: &str) -> Result<(Felt, Felt), ChainError> {
    accounts(url)?.into_iter().next().ok_or_else(|| ChainError::Devnet(format!("the local chain at {url} has no accounts")))
}

/// Addresses and keys of all of them.
pub fn accounts(url: &str) -> Result<Vec<(Felt, Felt)>, ChainError> {
    let answer = request(url, "devnet_getPredeployedAccounts", &json!({}))?;
    let account = |account: &Value| Some((parse_felt(account["address"].as_str()?)?, parse_felt(account["private_key"].as_str()?)?));
    let accounts = answer.as_array().and_then(|accounts| accounts.iter().map(account).collect::<Option<Vec<_>>>());
    accounts.ok_or_else(|| ChainError::Devnet(format!("the local chain at {url} does not list its accounts")))
}

/// Sets the clock of the local chain to a time in seconds after 1970, with a block.
///
/// # Errors
/// The chain does not answer, or is not starknet-devnet.
pub fn set_time(url: &str, time: u64) -> Result<(), ChainError> {
    request(url, "devnet_setTime", &json!({ "time": time, "generate_block": true })).map(|_| ())
}
