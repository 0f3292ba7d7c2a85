//! `maat check`: all of a package made again from its model, and compared.

use std::path::PathBuf;

use maat_package::PackageFolder;
use maat_transpiler::{Checked, check, onnx_sha256};
use serde_json::{Value, json};

use super::transpile::CompilerChoice;
use crate::progress::Progress;
use crate::response::Response;

/// Rebuild a package from its model.maat, and compare
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat check package\n  maat check package --onnx model.onnx\n\n\
    Exits with 0 only if the whole package is what model.maat gives: commitment, Cairo sources, program and program hash, classes and class \
    hashes, the manifest's digests, and the cost in the report. What differs is listed file by file.\n\n\
    It does not tell whether model.maat is a good model, or of which network: accuracy and error bounds in the report are not recomputed. \
    With --onnx, the digest of that file is compared with the one that the manifest names; that model.maat was made from it remains the \
    manifest's word, until you transpile it with the same samples and options. It takes as long as transpiling. `maat commitment` recomputes \
    the commitment alone.")]
pub struct Arguments {
    /// The package folder, as `maat transpile` writes it
    package: PathBuf,
    /// Compare the digest of this ONNX file, external data included, with the manifest's
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    #[command(flatten)]
    compiler: CompilerChoice,
}

/// What does not follow from the model.
const NOT_CHECKED: [&str; 2] = [
    "verdict, accuracy and error bounds (the report's word)",
    "network, options and samples that the model was made from (the manifest's word)",
];

/// A package beside what its model gives.
pub struct PackageComparison {
    checked: Checked,
    onnx: Option<Onnx>,
}

/// The digest of the ONNX file.
struct Onnx {
    manifest: String,
    found: String,
}

pub fn run(arguments: Arguments) -> anyhow::Result<PackageComparison> {
    let progress = Progress::start("reading the package");
    let package = PackageFolder::open(&arguments.package)?;
    let digest = |path: PathBuf| -> anyhow::Result<Onnx> {
        Ok(Onnx { manifest: package.manifest.provenance.onnx_sha256.clone(), found: onnx_sha256(&path)? })
    };
    let onnx = arguments.onnx.map(digest).transpose()?;
    let checked = check(&package, &arguments.compiler.compiler()?, &mut |step| progress.step(step))?;
    Ok(PackageComparison { checked, onnx })
}

impl Onnx {
    fn matches(&self) -> bool {
        self.manifest == self.found
    }
}

impl PackageComparison {
    /// What nobody should take for checked.
    fn not_checked(&self) -> Vec<&'static str> {
        let commitment = "model commitment (private: `maat audit` checks it, with the seed)";
        let commitment = (!self.checked.commitment).then_some(commitment);
        NOT_CHECKED.into_iter().chain(commitment).collect()
    }
}

impl Response for PackageComparison {
    fn text(&self) -> String {
        let mut lines = Vec::new();
        for finding in &self.checked.findings {
            match &finding.differences[..] {
                [] => lines.push(format!("ok       {}", finding.what)),
                differences => lines.extend(differences.iter().map(|difference| format!("DIFFERS  {}: {difference}", finding.what))),
            }
        }
        match &self.onnx {
            Some(onnx) if onnx.matches() => lines.push("ok       ONNX file".to_owned()),
            Some(Onnx { manifest, found }) => {
                lines.push(format!("DIFFERS  ONNX file: {manifest} in the manifest, {found} from the file"));
            }
            None => {}
        }
        let verdict = match self.succeeded() {
            true => format!("the package is what its model.maat gives (sha256 {})", self.checked.model_sha256),
            false => "the package is NOT what its model.maat gives".to_owned(),
        };
        let asked = if self.onnx.is_none() { "; ONNX file (--onnx)" } else { "" };
        format!("{}\n\n{verdict}\nnot checked: {}{asked}", lines.join("\n"), self.not_checked().join("; "))
    }

    fn json(&self) -> Value {
        let finding = |finding: &maat_transpiler::Finding| json!({ "what": finding.what, "differences": finding.differences });
        json!({
            "holds": self.succeeded(),
            "model_sha256": self.checked.model_sha256,
            "findings": self.checked.findings.iter().map(finding).collect::<Vec<_>>(),
            "onnx": self.onnx.as_ref().map(|onnx| json!({ "manifest": onnx.manifest, "found": onnx.found, "matches": onnx.matches() })),
            "not_checked": self.not_checked(),
        })
    }

    fn succeeded(&self) -> bool {
        self.checked.holds() && self.onnx.as_ref().is_none_or(Onnx::matches)
    }
}
