//! The bits of security that the user asks of a proof, whatever its kind.

use maat_verifier::Security;

/// The bits of security that are asked for.
#[derive(Clone, Copy, clap::Args)]
pub struct Least {
    /// Refuse a proof with fewer conjectured bits of security
    #[arg(long, value_name = "BITS")]
    min_conjectured: Option<u32>,
    /// Refuse a proof with fewer proven bits of security
    #[arg(long, value_name = "BITS")]
    min_proven: Option<u32>,
}

impl Least {
    /// Why a proof does not have the bits that are asked for, if it has not.
    pub fn missed(self, found: &Security) -> Option<String> {
        let asked = [("conjectured", found.conjectured, self.min_conjectured), ("proven", found.proven, self.min_proven)];
        asked.into_iter().find_map(|(kind, found, least)| {
            let least = least.filter(|least| found < *least)?;
            Some(format!("it has {found} {kind} bits of security, fewer than the {least} of --min-{kind}"))
        })
    }
}
