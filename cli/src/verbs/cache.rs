//! `maat cache`: what the user's cache folder holds, and how it is emptied.

use anyhow::Context;
use maat_prover::{Cache, Content, Files};
use maat_starknet::devnet;
use serde_json::{Value, json};

use crate::cache;
use crate::response::{Response, fields, grouped, path_json};

/// Show or empty the folder that keeps what proofs of a model share, and the local chain
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat cache show\n  maat cache clear\n  maat cache clear --local-chain\n\n\
    The folder is $MAAT_CACHE, or ~/.cache/maat. It keeps the extended fixed columns of models that were proven, up to the limit in \
    $MAAT_CACHE_LIMIT (1GB by default, 0 for none): the least recently used go first. All of it can be computed again, and none of it is \
    trusted: what is read must have the root that the model's commitment names. A folder that other users can write to is not used. The \
    local chain of `maat devnet` is kept there too, and does not count. Files that Maat did not write are never removed.")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Show where the folder is, what it holds, and whether it is used
    #[command(after_help = "Example:\n  maat cache show")]
    Show,
    /// Remove what proofs share
    #[command(after_help = "Examples:\n  maat cache clear\n  maat cache clear --local-chain")]
    Clear {
        /// Remove the local chain's executable too; building it again takes minutes
        #[arg(long)]
        local_chain: bool,
    },
}

/// What the folder holds, and what was removed from it before.
pub struct State {
    cache: Option<Cache>,
    content: Content,
    local_chain: u64,
    untrusted: Option<String>,
    removed: Option<Removed>,
}

/// What was removed.
struct Removed {
    files: Files,
    local_chain: u64,
}

pub fn run(arguments: Arguments) -> anyhow::Result<State> {
    let Some(cache) = cache::of_user()? else {
        return Ok(State { cache: None, content: Content::default(), local_chain: 0, untrusted: None, removed: None });
    };
    let failed = || format!("cannot use the cache folder {}", cache.folder().display());
    let removed = match arguments.action {
        Action::Show => None,
        Action::Clear { local_chain } => {
            // It refuses if a chain runs, so it goes first.
            let local_chain = if local_chain { remove_local_chain(&cache)? } else { 0 };
            Some(Removed { files: cache.clear().with_context(failed)?, local_chain })
        }
    };
    Ok(State {
        content: cache.content().with_context(failed)?,
        local_chain: devnet::kept(&cache::devnet_unchecked(&cache))?,
        untrusted: cache.check().err().map(|reason| reason.to_string()),
        cache: Some(cache),
        removed,
    })
}

/// Removes the local chain; gives its bytes.
fn remove_local_chain(cache: &Cache) -> anyhow::Result<u64> {
    // Where there is none, nothing has to be believed.
    if !cache::devnet_unchecked(cache).exists() {
        return Ok(0);
    }
    Ok(devnet::remove(&cache::devnet()?)?)
}

/// Bytes, for people.
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn files(files: Files) -> String {
    format!("{} ({} files)", megabytes(files.bytes), grouped(files.count))
}

impl Response for State {
    fn text(&self) -> String {
        let Some(cache) = &self.cache else {
            return "there is no home folder to keep a cache in; set MAAT_CACHE".to_owned();
        };
        let mut facts = vec![
            ("folder", cache.folder().display().to_string()),
            ("limit", megabytes(cache.limit())),
            ("shared by proofs", files(self.content.columns)),
            ("unfinished", files(self.content.unfinished)),
            ("local chain", if self.local_chain == 0 { "none".to_owned() } else { megabytes(self.local_chain) }),
        ];
        if let Some(removed) = &self.removed {
            facts.push(("removed", files(removed.files)));
            if removed.local_chain > 0 {
                facts.push(("removed chain", megabytes(removed.local_chain)));
            }
        }
        fields(facts)
    }

    fn json(&self) -> Value {
        let files = |files: Files| json!({ "files": files.count, "bytes": files.bytes });
        json!({
            "folder": self.cache.as_ref().map(|cache| path_json(cache.folder())),
            "limit_bytes": self.cache.as_ref().map(Cache::limit),
            "used": self.cache.is_some() && self.untrusted.is_none(),
            "columns": files(self.content.columns),
            "unfinished": files(self.content.unfinished),
            "local_chain_bytes": self.local_chain,
            "removed": self.removed.as_ref().map(|removed| files(removed.files)),
            "removed_local_chain_bytes": self.removed.as_ref().map(|removed| removed.local_chain),
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.untrusted.iter().map(|reason| format!("{reason}. Until then it is not used")).collect()
    }
}
