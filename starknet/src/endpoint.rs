//! Where a node answers: which addresses are taken, and what of one is shown. Providers put keys into addresses, into any part of them, so
//! only scheme, host and port ever are.

use std::fmt;
use std::net::IpAddr;

use starknet_rust::providers::Url;

/// Shorter parts are not looked for in texts: they would be found in words.
const SECRET: usize = 8;

/// The address of a node.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint(Url);

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// It is malformed, or others could read and change what is sent there.
    pub fn parse(text: &str) -> Result<Self, String> {
        const RULE: &str = "url must begin with https://, or with http:// if the node is on this machine";
        let url = Url::parse(text).map_err(|error| format!("{RULE}: {error}"))?;
        let endpoint = Self(url);
        match endpoint.0.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_local() => Ok(endpoint),
            "http" => Err(format!("{RULE}: what is sent over plain http to {endpoint} can be read and changed on its way")),
            _ => Err(RULE.to_owned()),
        }
    }

    /// The address with all that is in it.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// A text without the parts of the address that may be keys: a node may repeat what it was asked.
    pub fn without_secrets(&self, text: &str) -> String {
        let values: Vec<String> = self.0.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let mut secrets: Vec<&str> = vec![self.0.username(), self.0.password().unwrap_or_default(), self.0.query().unwrap_or_default()];
        secrets.extend(values.iter().map(String::as_str));
        secrets.extend(self.0.path_segments().into_iter().flatten());
        secrets.retain(|secret| secret.len() >= SECRET);
        // One may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, ".."))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))?;
        if self.0.path().len() > 1 || self.0.query().is_some() { f.write_str("/..") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in ["https://node.example/rpc", "http://127.0.0.1:5050", "http://127.1.2.3", "http://localhost:1/x", "http://[::1]:5050"] {
            assert!(Endpoint::parse(text).is_ok(), "{text}");
        }
        let remote = ["http://node.example/KEYKEYKEY", "http://10.0.0.1", "http://localhost.example", "http://[::2]", "http://0.0.0.0"];
        for text in remote {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(error.contains("http:// if the node is on this machine") && !error.contains("KEYKEYKEY"), "{error}");
        }
        for text in ["ftp://node", "node", "", "file:///etc/passwd", "https://"] {
            assert!(Endpoint::parse(text).unwrap_err().contains("url must begin with https://"), "{text}");
        }
    }

    #[test]
    fn only_scheme_host_and_port_are_shown() {
        let endpoint = Endpoint::parse("https://somebody:password@node.example:8443/v3/0123456789abcdef?apikey=fedcba9876543210").unwrap();
        assert_eq!(endpoint.to_string(), "https://node.example:8443/..");
        assert_eq!(Endpoint::parse("https://node.example/?key=12").unwrap().to_string(), "https://node.example/..");
        assert_eq!(Endpoint::parse("http://127.0.0.1:5050").unwrap().to_string(), "http://127.0.0.1:5050");
        let text = endpoint.without_secrets("somebody, password: no /v3/0123456789abcdef?apikey=fedcba9876543210; fedcba9876543210");
        assert_eq!(text, ".., ..: no /v3/..?..; ..");
    }
}
