//! The key that signs, read from where the configuration says that it is.

use starknet_rust::core::types::Felt;
use starknet_rust::signers::SigningKey;

use crate::config::{KeySource, NetworkConfig, parse_felt};
use crate::devnet;
use crate::error::ChainError;

/// An account's address with its key. There is no way to print it.
pub struct Credentials {
    /// The account's address.
    pub address: Felt,
    /// The key that signs for it.
    pub key: SigningKey,
}

impl Credentials {
    /// An account's address with its key.
    pub fn new(address: Felt, key: Felt) -> Self {
        Self { address, key: SigningKey::from_secret_scalar(key) }
    }
}

/// Asks for the password of a keystore.
pub type AskPassword<'a> = &'a dyn Fn(&str) -> std::io::Result<String>;

/// Reads the account of a network and its key.
///
/// # Errors
/// The network has no account, or its key is not where the file says.
pub fn read(network: &NetworkConfig, ask_password: AskPassword) -> Result<Credentials, ChainError> {
    let fault = |reason: String| ChainError::Key { network: network.name.clone(), reason };
    let Some(source) = &network.key else {
        return Err(fault("it has no account and key, which a transaction needs: give account, and key_env or keystore".to_owned()));
    };
    let variable = |name: &str| std::env::var(name).map_err(|_| fault(format!("the environment variable {name} is not set")));
    let key = match source {
        KeySource::Devnet => {
            let (address, key) = devnet::first_account(&network.url)?;
            return Ok(Credentials::new(address, key));
        }
        KeySource::Environment(name) => {
            // Its text is not repeated: it may be a key with a typing error.
            let key = parse_felt(variable(name)?.trim()).filter(|key| *key != Felt::ZERO);
            key.map(SigningKey::from_secret_scalar)
                .ok_or_else(|| fault(format!("the environment variable {name} does not hold a key: a key is 0x and hexadecimal digits")))?
        }
        KeySource::Keystore { path, password_env } => {
            if !path.is_file() {
                return Err(fault(format!("there is no keystore {}", path.display())));
            }
            let password = match password_env {
                Some(name) => variable(name)?,
                None => ask_password(&format!("password of {}: ", path.display())).map_err(|error| {
                    fault(format!("the password of {} cannot be asked for ({error}); set password_env", path.display()))
                })?,
            };
            SigningKey::from_keystore(path, &password)
                .map_err(|error| fault(format!("the keystore {} cannot be opened: {error}", path.display())))?
        }
    };
    let address = network.account.ok_or_else(|| fault("it has a key, but no account".to_owned()))?;
    Ok(Credentials { address, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(key: Option<KeySource>) -> NetworkConfig {
        let url = "https://node".to_owned();
        NetworkConfig { name: "n".to_owned(), url, chain_id: None, account: Some(Felt::ONE), key, registry: None, max_fee: None }
    }

    fn refused(key: Option<KeySource>) -> String {
        let never = |_: &str| Err(std::io::Error::other("no terminal"));
        match read(&network(key), &never) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("a key was found"),
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_named_by_its_place() {
        assert!(refused(None).contains("no account and key"));
        assert!(refused(Some(KeySource::Environment("MAAT_NO_SUCH_KEY".to_owned()))).contains("MAAT_NO_SUCH_KEY is not set"));
        // PATH is set everywhere, and holds no key; nor is it shown.
        let path = refused(Some(KeySource::Environment("PATH".to_owned())));
        assert!(path.contains("PATH does not hold a key") && !path.contains("/bin"), "{path}");
        let missing = KeySource::Keystore { path: "/no/such/keystore".into(), password_env: None };
        assert!(refused(Some(missing)).contains("no keystore /no/such/keystore"));
    }

    #[test]
    fn a_keystore_opens_with_its_password_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        let key = SigningKey::from_secret_scalar(Felt::from(0x1234));
        key.save_as_keystore(&path, "open").unwrap();
        let network = network(Some(KeySource::Keystore { path, password_env: None }));
        let credentials = read(&network, &|_| Ok("open".to_owned())).ok().unwrap();
        assert_eq!((credentials.address, credentials.key.secret_scalar()), (Felt::ONE, key.secret_scalar()));
        let error = read(&network, &|_| Ok("shut".to_owned())).err().unwrap().to_string();
        assert!(error.contains("cannot be opened"), "{error}");
    }
}
