//! A node for tests: it answers over a socket of this machine what a test tells it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use starknet_rust::core::types::Felt;

use crate::client::selector;
use crate::config::NetworkConfig;

/// The chain that it belongs to.
const CHAIN: &str = "SN_SEPOLIA";

/// What it answers.
pub(crate) enum Answer {
    /// A result.
    Result(Value),
    /// A refusal.
    Error(Value),
    /// A whole HTTP response.
    Http(String),
}

impl Answer {
    /// The felts that a contract returns.
    pub fn felts(felts: impl IntoIterator<Item = Felt>) -> Self {
        Self::Result(felts.into_iter().map(|felt| Value::from(format!("{felt:#x}"))).collect())
    }

    /// A contract's panic, as a node words it.
    pub fn panic(text: &str) -> Self {
        Self::Error(json!({ "code": 40, "message": "Contract error", "data": { "revert_error": text } }))
    }
}

/// A request: its method and its parameters.
pub(crate) type Asked = (String, Value);

/// A node.
pub(crate) struct FakeNode {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeNode {
    /// Starts one that says of which chain it is, and answers everything else as told.
    pub fn start(answer: impl Fn(&str, &Value) -> Answer + Send + 'static) -> Self {
        Self::of_chain(CHAIN.as_bytes(), answer)
    }

    /// The same, of a chain with another name.
    pub fn of_chain(chain: &'static [u8], answer: impl Fn(&str, &Value) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), chain, &answer, &log);
            }
        });
        Self { url, asked }
    }

    /// One whose contracts answer as told, by function and arguments.
    pub fn of_contract(answer: impl Fn(&str, &[Felt]) -> Answer + Send + 'static, functions: &'static [&'static str]) -> Self {
        Self::start(move |method, params| {
            assert_eq!(method, "starknet_call");
            let request = &params["request"];
            let felt = |value: &Value| Felt::from_hex(value.as_str().unwrap()).unwrap();
            let called = felt(&request["entry_point_selector"]);
            let function = functions.iter().find(|function| selector(function) == called).expect("a function that is named");
            let calldata: Vec<Felt> = request["calldata"].as_array().unwrap().iter().map(felt).collect();
            answer(function, &calldata)
        })
    }

    /// It as a network.
    pub fn network(&self) -> NetworkConfig {
        NetworkConfig {
            name: "fake".to_owned(),
            url: self.url.clone(),
            chain_id: Some(CHAIN.to_owned()),
            account: None,
            key: None,
            registry: None,
            max_fee: None,
        }
    }

    /// The methods that were asked for so far, the chain aside.
    pub fn methods(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(method, _)| method.clone()).collect()
    }
}

fn serve(stream: TcpStream, chain: &[u8], answer: &impl Fn(&str, &Value) -> Answer, log: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let method = request["method"].as_str().unwrap();
    let answer = if method == "starknet_chainId" {
        Answer::Result(format!("{:#x}", Felt::from_bytes_be_slice(chain)).into())
    } else {
        log.lock().unwrap().push((method.to_owned(), request["params"].clone()));
        answer(method, &request["params"])
    };
    let response = match answer {
        Answer::Result(result) => http(&json!({ "jsonrpc": "2.0", "id": 1, "result": result })),
        Answer::Error(error) => http(&json!({ "jsonrpc": "2.0", "id": 1, "error": error })),
        Answer::Http(response) => response,
    };
    // Whoever asks may have read enough.
    let _ = (&stream).write_all(response.as_bytes());
}

fn http(value: &Value) -> String {
    let body = value.to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
