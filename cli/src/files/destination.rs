//! Files that a verb writes: as a whole or not at all, and never over something that the user would miss.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use maat_package::PackageFolder;
use maat_package::partial::{self, is_same};
use maat_prover::PrivateFolder;
use maat_strategy::record::is_record;
use maat_verifier::{FileError, Kind};
use tempfile::NamedTempFile;

use super::standard::{is_dash, is_standard_output, is_stream};

/// Who may read a file that is written.
#[derive(Clone, Copy)]
pub enum Readers {
    /// Whoever may read the user's files.
    Usual,
    /// The user alone.
    Owner,
}

/// What a file holds, and so which older files it may replace unasked. An empty file holds nothing, and may always be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// A proof: replaces a proof.
    Proof,
    /// A record of a strategy: replaces a record.
    Record,
    /// What opens a digest: replaces nothing, because without an opening its proof can never be opened.
    Opening,
    /// The report of an audit: replaces nothing, because others rely on it.
    Audit,
    /// A chart: replaces a chart.
    Chart,
}

impl OutputKind {
    /// What it is called, if it is not text.
    fn binary(self) -> Option<&'static str> {
        match self {
            Self::Proof => Some("proof"),
            Self::Record => Some("record"),
            Self::Opening | Self::Audit | Self::Chart => None,
        }
    }
}

/// Files that no output may replace, whatever the user says: those that the verb reads, each with what it is.
#[derive(Default)]
pub struct InputFiles(Vec<(PathBuf, &'static str)>);

impl InputFiles {
    /// An input; the standard input is not a file.
    pub fn and(mut self, path: &Path, what: &'static str) -> Self {
        self.0.extend(Some((path.to_path_buf(), what)).filter(|_| !is_dash(path)));
        self
    }

    /// The files, without what each is.
    #[cfg(feature = "transpile")]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.iter().map(|(path, _)| path.clone()).collect()
    }

    /// All files of a package, and of the secrets of a private model.
    pub fn and_package(mut self, package: &PackageFolder) -> Self {
        self.0.extend(package.files().map(|path| (path, "a file of the package")));
        let secrets = PrivateFolder::of_package(&package.folder).paths();
        self.0.extend(secrets.into_iter().map(|path| (path, "a secret of the private model")));
        self
    }
}

/// Where bytes can be written to.
pub struct Destination<'s> {
    name: PathBuf,
    place: Place,
    content: OutputKind,
    sources: &'s InputFiles,
    force: bool,
    /// Whether a file was there at first.
    replaces: bool,
}

enum Place {
    /// A file, with all links followed, and its folder.
    File { path: PathBuf, folder: PathBuf },
    /// A device or a named pipe.
    Stream,
    /// The standard output.
    Output,
}

impl<'s> Destination<'s> {
    /// Finds out whether a file of the user's can be written, before the work is done that makes it. With `force` it may replace any file
    /// that is not among the sources.
    pub fn of_user(path: &Path, content: OutputKind, sources: &'s InputFiles, force: bool) -> anyhow::Result<Self> {
        let cannot = || format!("cannot write {}", path.display());
        let place = if is_standard_output(path) { Place::Output } else { Place::of(path).with_context(cannot)? };
        if let (Place::Output, Some(binary)) = (&place, content.binary())
            && io::stdout().is_terminal()
        {
            bail!("cannot write a {binary} to a terminal: it is not text. Name a file, or redirect the standard output");
        }
        let replaces = matches!(&place, Place::File { path, .. } if path.exists());
        let destination = Self { name: path.to_path_buf(), place, content, sources, force, replaces };
        destination.check().with_context(cannot)?;
        Ok(destination)
    }

    /// How messages call it: as the user does.
    pub fn name(&self) -> PathBuf {
        if self.is_output() { PathBuf::from("the standard output") } else { self.name.clone() }
    }

    /// Whether the bytes will go to the standard output, where nothing else may go then.
    pub fn is_output(&self) -> bool {
        matches!(self.place, Place::Output)
    }

    /// The name of something that is kept beside the file while it is made: the file's own, hidden, with an ending. Only files have one.
    pub fn beside(&self, ending: &str) -> Option<PathBuf> {
        let Place::File { path, folder } = &self.place else { return None };
        let mut name = OsString::from(".");
        name.push(path.file_name()?);
        name.push(ending);
        Some(folder.join(name))
    }

    /// Whether two destinations are one.
    pub fn is(&self, other: &Destination<'_>) -> bool {
        match (&self.place, &other.place) {
            (Place::File { path, .. }, Place::File { path: other, .. }) => is_same(path, other),
            (Place::Output, Place::Output) => true,
            _ => false,
        }
    }

    /// Refuses to replace what the user would miss.
    fn check(&self) -> anyhow::Result<()> {
        let Place::File { path, .. } = &self.place else { return Ok(()) };
        if let Some((_, what)) = self.sources.0.iter().find(|(source, _)| is_same(source, path)) {
            bail!("it is {what}");
        }
        let found = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        if self.force || found.len() == 0 {
            return Ok(());
        }
        match self.content {
            OutputKind::Proof | OutputKind::Record | OutputKind::Chart if found.permissions().readonly() => {
                bail!("it is write-protected; --force replaces it")
            }
            OutputKind::Proof if !is_proof(path)? => {
                bail!("it exists, and is not a Maat proof: choose another file, or replace it with --force")
            }
            OutputKind::Record if !is_record(&beginning(path)?) => {
                bail!("it exists, and is not a record of a Maat strategy: choose another file, or replace it with --force")
            }
            OutputKind::Proof | OutputKind::Record => {}
            OutputKind::Opening => bail!(
                "it exists, and without it the proof that it opens could never be opened: choose another file, or replace it with --force"
            ),
            OutputKind::Audit => bail!("it exists, and others may rely on it: choose another file, or replace it with --force"),
            OutputKind::Chart if !is_chart(path)? => {
                bail!("it exists, and is not a chart of Maat: choose another file, or replace it with --force")
            }
            OutputKind::Chart => {}
        }
        Ok(())
    }

    /// Writes the bytes beside their place.
    pub fn stage(&self, bytes: &[u8], readers: Readers) -> anyhow::Result<Staged<'_>> {
        let Place::File { path, folder } = &self.place else { return Ok(Staged { bytes: bytes.to_vec(), file: None, destination: self }) };
        partial::remove_abandoned(folder);
        let mut builder = partial::builder();
        // Temporary files are the owner's alone.
        #[cfg(unix)]
        if let Readers::Usual = readers {
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        let written = builder.tempfile_in(folder).and_then(|mut file| {
            file.write_all(bytes)?;
            // Those who could read an older file can read the new one, and nobody else.
            if let (Readers::Usual, Ok(older)) = (readers, fs::metadata(path)) {
                file.as_file().set_permissions(older.permissions())?;
            }
            // A full disk may say so only now.
            file.as_file().sync_all().map(|()| file)
        });
        let file = written.with_context(|| self.cannot())?;
        Ok(Staged { bytes: Vec::new(), file: Some((file, path)), destination: self })
    }

    /// Removes the file that was put here, unless an older one was here before.
    pub fn withdraw(&self) {
        if let (Place::File { path, .. }, false) = (&self.place, self.replaces) {
            let _ = fs::remove_file(path);
        }
    }

    fn cannot(&self) -> String {
        format!("cannot write {}", self.name().display())
    }
}

impl Place {
    fn of(path: &Path) -> anyhow::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => bail!("it is a folder"),
            Ok(found) if is_stream(&found) => return Ok(Self::Stream),
            Ok(found) if !found.is_file() => bail!("it exists, and is neither a file nor something to write to"),
            // What cannot be looked at cannot be written to; the attempt to write will say so.
            _ => {}
        }
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            bail!("it names a folder that does not exist");
        }
        let path = partial::follow(path)?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_path_buf();
        // A file without a name: nothing of it stays, whatever happens.
        tempfile::tempfile_in(&folder)?;
        Ok(Self::File { path, folder })
    }
}

/// Bytes that only have to take their place.
pub struct Staged<'d> {
    bytes: Vec<u8>,
    file: Option<(NamedTempFile, &'d Path)>,
    destination: &'d Destination<'d>,
}

impl Staged<'_> {
    /// Puts the bytes in their place. What is there is looked at once more: the work may have taken long.
    pub fn persist(self) -> anyhow::Result<()> {
        let cannot = || self.destination.cannot();
        match (self.file, &self.destination.place) {
            (Some((file, path)), _) => {
                self.destination.check().with_context(cannot)?;
                let persisted = match path.exists() {
                    true => file.persist(path),
                    // Another run may be about to do the same.
                    false => file.persist_noclobber(path),
                };
                persisted.map_err(|error| error.error).with_context(cannot)?;
            }
            (None, Place::Output) => write_all(io::stdout().lock(), &self.bytes).with_context(cannot)?,
            (None, _) => File::options()
                .write(true)
                .open(&self.destination.name)
                .and_then(|file| write_all(file, &self.bytes))
                .with_context(cannot)?,
        }
        Ok(())
    }
}

fn write_all(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

/// Whether a file begins as proofs do, of whichever version.
fn is_proof(path: &Path) -> io::Result<bool> {
    Ok(!matches!(Kind::of(&beginning(path)?), Err(FileError::Magic)))
}

/// The first bytes of a file.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a file is a chart that `maat strategy backtest` drew: the mark is at its beginning, after the element's head.
fn is_chart(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut start)?;
    let text = String::from_utf8_lossy(&start);
    Ok(text.starts_with("<svg ") && text.contains(maat_strategy::chart::MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    fn put(path: &Path, content: OutputKind, sources: &InputFiles, force: bool) -> Result<(), String> {
        let put = || Destination::of_user(path, content, sources, force)?.stage(b"MAATPROF new", Readers::Usual)?.persist();
        put().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn until_a_file_takes_its_place_the_older_one_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"old").unwrap();
        let sources = InputFiles::default();
        let destination = Destination::of_user(&path, OutputKind::Proof, &sources, true).unwrap();
        // Nothing is left behind if the work is never done.
        assert_eq!(count(folder.path()), 1);
        let staged = destination.stage(b"new", Readers::Usual).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        staged.persist().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(count(folder.path()), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_its_owners_alone_and_a_files_readers_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let sources = InputFiles::default();
        let mode = |readers| {
            let destination = Destination::of_user(&path, OutputKind::Proof, &sources, true).unwrap();
            destination.stage(b"", readers).unwrap().persist().unwrap();
            path.metadata().unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode(Readers::Owner), 0o600);
        assert_eq!(mode(Readers::Usual), 0o600);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert_eq!(mode(Readers::Usual), 0o640);
        assert_eq!(mode(Readers::Owner), 0o600);
        fs::remove_file(&path).unwrap();
        let plain = folder.path().join("plain");
        fs::write(&plain, b"").unwrap();
        assert_eq!(mode(Readers::Usual), plain.metadata().unwrap().permissions().mode() & 0o777);
    }

    #[test]
    fn a_proof_replaces_proofs_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let none = InputFiles::default();
        for older in ["MAATPROF of another version", ""] {
            fs::write(&path, older).unwrap();
            put(&path, OutputKind::Proof, &none, false).unwrap();
        }
        for older in ["thesis", "MAAT"] {
            fs::write(&path, older).unwrap();
            let refused = put(&path, OutputKind::Proof, &none, false).unwrap_err();
            assert!(refused.contains("it exists, and is not a Maat proof") && refused.contains("--force"), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), older);
        }
        put(&path, OutputKind::Proof, &none, true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"MAATPROF new");
        let mut protected = fs::metadata(&path).unwrap().permissions();
        protected.set_readonly(true);
        fs::set_permissions(&path, protected).unwrap();
        let refused = put(&path, OutputKind::Proof, &none, false).unwrap_err();
        assert!(refused.contains("write-protected"), "{refused}");
    }

    #[test]
    fn a_record_replaces_records_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let none = InputFiles::default();
        for older in ["MAATRECD of another version", ""] {
            fs::write(&path, older).unwrap();
            put(&path, OutputKind::Record, &none, false).unwrap();
        }
        for older in ["thesis", "MAATPROF is a proof"] {
            fs::write(&path, older).unwrap();
            let refused = put(&path, OutputKind::Record, &none, false).unwrap_err();
            assert!(refused.contains("it exists, and is not a record") && refused.contains("--force"), "{refused}");
            assert_eq!(fs::read_to_string(&path).unwrap(), older);
        }
        put(&path, OutputKind::Record, &none, true).unwrap();
        fs::write(&path, "MAATRECD").unwrap();
        let mut protected = fs::metadata(&path).unwrap().permissions();
        protected.set_readonly(true);
        fs::set_permissions(&path, protected).unwrap();
        let refused = put(&path, OutputKind::Record, &none, false).unwrap_err();
        assert!(refused.contains("write-protected"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_kept_beside_a_file_is_beside_what_its_link_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere/file", at("link")).unwrap();
        let none = InputFiles::default();
        let beside = |path: &Path| Destination::of_user(path, OutputKind::Record, &none, false).unwrap().beside(".parts");
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(beside(&at("link")), Some(real.join("elsewhere/.file.parts")));
        assert_eq!(beside(Path::new("/dev/null")), None);
    }

    #[test]
    fn a_chart_replaces_charts_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let none = InputFiles::default();
        fs::write(&path, format!("<svg>\n{}\n", maat_strategy::chart::MARK)).unwrap();
        let refused = put(&path, OutputKind::Chart, &none, false).unwrap_err();
        assert!(refused.contains("it exists, and is not a chart of Maat") && refused.contains("--force"), "{refused}");
        fs::write(&path, format!("<svg width=\"1\">\n{}\n", maat_strategy::chart::MARK)).unwrap();
        put(&path, OutputKind::Chart, &none, false).unwrap();
        fs::write(&path, "<svg width=\"1\">a drawing of the user's</svg>").unwrap();
        assert!(put(&path, OutputKind::Chart, &none, false).is_err());
        put(&path, OutputKind::Chart, &none, true).unwrap();
    }

    #[test]
    fn an_opening_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let none = InputFiles::default();
        put(&path, OutputKind::Opening, &none, false).unwrap();
        let refused = put(&path, OutputKind::Opening, &none, false).unwrap_err();
        assert!(refused.contains("without it the proof that it opens could never be opened") && refused.contains("--force"), "{refused}");
        put(&path, OutputKind::Opening, &none, true).unwrap();
    }

    #[test]
    fn what_appears_while_the_work_is_done_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let none = InputFiles::default();
        let destination = Destination::of_user(&path, OutputKind::Opening, &none, false).unwrap();
        let staged = destination.stage(b"new", Readers::Owner).unwrap();
        fs::write(&path, "of another run").unwrap();
        assert!(staged.persist().is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "of another run");
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn sources_are_not_replaced_by_whichever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("input"), "input").unwrap();
        fs::hard_link(at("input"), at("hard")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        let mut names = vec![at("input"), at("hard"), at("folder/../input")];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("input", at("link")).unwrap();
            std::os::unix::fs::symlink(".", at("round")).unwrap();
            names.extend([at("link"), at("round/input")]);
        }
        // One that is not there is a source all the same.
        let sources = InputFiles::default().and(&at("input"), "the input").and(&at("missing"), "the input");
        names.push(at("folder/../missing"));
        for name in names {
            let refused = put(&name, OutputKind::Proof, &sources, true).unwrap_err();
            assert!(refused.contains(&format!("cannot write {}: it is the input", name.display())), "{refused}");
        }
        assert_eq!(fs::read_to_string(at("input")).unwrap(), "input");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_what_it_names_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere/file", at("link")).unwrap();
        for _ in 0..2 {
            put(&at("link"), OutputKind::Proof, &InputFiles::default(), false).unwrap();
            assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("elsewhere/file"));
            assert_eq!(fs::read(at("elsewhere/file")).unwrap(), b"MAATPROF new");
        }
        assert_eq!((count(folder.path()), count(&at("elsewhere"))), (2, 1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_to_and_a_full_one_says_so() {
        let none = InputFiles::default();
        put(Path::new("/dev/null"), OutputKind::Proof, &none, false).unwrap();
        let refused = put(Path::new("/dev/full"), OutputKind::Proof, &none, false).unwrap_err();
        assert!(refused.contains("cannot write /dev/full: No space left on device"), "{refused}");
    }

    #[test]
    fn what_is_no_place_for_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| put(path, OutputKind::Proof, &InputFiles::default(), true).unwrap_err();
        assert!(refused(folder.path()).contains("it is a folder"));
        assert!(refused(&folder.path().join("new/")).contains("it names a folder that does not exist"));
        assert!(refused(&folder.path().join("missing/file")).contains("No such file"));
        assert_eq!(count(folder.path()), 0);
    }

    #[test]
    fn what_a_stopped_run_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".maat-a1B2c3.partial");
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(1_000_000);
        File::create(&left).unwrap().set_modified(old).unwrap();
        put(&folder.path().join("file"), OutputKind::Proof, &InputFiles::default(), false).unwrap();
        assert_eq!(count(folder.path()), 1);
    }
}
