//! How requests reach a node: over HTTP, without being led elsewhere, with answers up to a length, and with errors that do not hold the
//! node's address.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{StatusCode, redirect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use starknet_rust::providers::ProviderRequestData;
use starknet_rust::providers::jsonrpc::{HttpTransport, HttpTransportError, JsonRpcMethod, JsonRpcResponse, JsonRpcTransport};

use crate::endpoint::Endpoint;

/// How long a node may take to answer: a class of the greatest size takes it some seconds.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long it may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes: a class of the greatest size takes a third of it.
const LONGEST: usize = 32 << 20;

/// A connection to a node.
pub(crate) struct Transport {
    http: reqwest::Client,
    endpoint: Endpoint,
    batches: HttpTransport,
}

/// Why a request got no answer that can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransportError {
    /// Nothing answered, or not in time, or not to the end.
    #[error(transparent)]
    Http(reqwest::Error),
    /// The answer is not Starknet's, and its HTTP status says so.
    #[error("it answers with HTTP status {0}")]
    Status(StatusCode),
    /// The answer is longer than any that is asked for.
    #[error("its answer is longer than {} bytes", LONGEST)]
    TooLong,
    /// The answer is not Starknet's.
    #[error(transparent)]
    Json(serde_json::Error),
    /// A batch failed.
    #[error(transparent)]
    Batch(HttpTransportError),
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}

#[derive(Serialize)]
struct Request<P> {
    id: u64,
    jsonrpc: &'static str,
    method: JsonRpcMethod,
    params: P,
}

impl Transport {
    /// A connection, which is made with the first request.
    ///
    /// # Errors
    /// What secures connections cannot be set up.
    pub fn new(endpoint: Endpoint) -> Result<Self, TransportError> {
        // A node has no reason to send us elsewhere, perhaps over plain HTTP.
        let mut http = reqwest::Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT).redirect(redirect::Policy::none());
        if endpoint.is_local() {
            // Else what is not encrypted because it stays on this machine would leave it.
            http = http.no_proxy();
        }
        let http = http.build()?;
        let batches = HttpTransport::new_with_client(endpoint.url().clone(), http.clone());
        Ok(Self { http, endpoint, batches })
    }
}

#[async_trait]
impl JsonRpcTransport for Transport {
    type Error = TransportError;

    async fn send_request<P, R>(&self, method: JsonRpcMethod, params: P) -> Result<JsonRpcResponse<R>, TransportError>
    where
        P: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        let request = serde_json::to_vec(&Request { id: 1, jsonrpc: "2.0", method, params }).map_err(TransportError::Json)?;
        let post = self.http.post(self.endpoint.url().clone()).header("Content-Type", "application/json").body(request);
        let mut response = post.send().await?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await? {
            if answer.len() + part.len() > LONGEST {
                return Err(TransportError::TooLong);
            }
            answer.extend_from_slice(&part);
        }
        let read = serde_json::from_slice(&answer);
        read.map_err(|error| if status.is_success() { TransportError::Json(error) } else { TransportError::Status(status) })
    }

    /// The library's own way: nothing here asks in batches.
    async fn send_requests<R>(&self, requests: R) -> Result<Vec<JsonRpcResponse<serde_json::Value>>, TransportError>
    where
        R: AsRef<[ProviderRequestData]> + Send + Sync,
    {
        self.batches.send_requests(requests).await.map_err(TransportError::Batch)
    }
}
