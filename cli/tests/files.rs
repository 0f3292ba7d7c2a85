//! What the binary reads and writes: nothing of the user's is lost, nothing is half-written, and every failure has an exit code.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use common::*;

/// A folder with the first test input in `in.json`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("in.json"), samples(1).to_string()).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// Proves the input, with further arguments.
    fn prove(&self, arguments: &[&str]) -> Output {
        maat(&[&["prove", package(), "--input", &self.at("in.json")], arguments].concat())
    }

    /// A copy of the shared package.
    fn package(&self) -> String {
        let copied = Command::new("cp").args(["-r", package(), &self.at("package")]).status().unwrap();
        assert!(copied.success());
        self.at("package")
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maat"));
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    command.args(arguments).env_remove("MAAT_CORELIB").env("MAAT_CACHE", cache).stdin(Stdio::null());
    command
}

/// Runs with bytes on the standard input.
fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // One that refuses without reading closes the pipe.
        scope.spawn(move || to.write_all(input).ok());
        child.wait_with_output().unwrap()
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    errors(output)
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// All files of a folder with what they hold.
fn contents(folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![PathBuf::from(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    files
}

#[cfg(unix)]
#[test]
fn no_output_replaces_an_input_or_a_file_of_the_package() {
    let folder = Folder::new();
    let package = folder.package();
    let (input, args, executable) = (folder.at("in.json"), folder.at("args.json"), folder.at("program.json"));
    fs::write(&args, "[1]").unwrap();
    fs::copy(format!("{package}/target/executable.json"), &executable).unwrap();
    let before = contents(&folder.at(""));
    let names = |of: &str| {
        let name = Path::new(of).file_name().unwrap().to_str().unwrap();
        let [hard, soft] = ["hard", "soft"].map(|kind| folder.at(&format!("{kind}-{name}")));
        let _ = fs::hard_link(of, &hard);
        let _ = std::os::unix::fs::symlink(of, &soft);
        let round = of.strip_prefix(&folder.at("")).map(|name| folder.at(&format!("package/../{name}"))).unwrap();
        [of.to_owned(), hard, soft, round]
    };
    let refused = |arguments: &[&str], reason: &str| {
        for force in [&[][..], &["--force"]] {
            let message = refusal(&maat(&[arguments, force].concat()));
            assert!(message.contains("cannot write ") && message.contains(reason), "{arguments:?}: {message}");
        }
    };
    let opening = ["--commit", "inputs", "--opening"];
    let proof = folder.at("proof.bin");
    for name in names(&input) {
        for kind in ["model", "cairo"] {
            refused(&["prove", &package, "--input", &input, "--kind", kind, "-o", &name], "it is the input");
        }
        refused(&[&["prove", &package, "--input", &input, "-o", &proof], &opening[..], &[&name]].concat(), "it is the input");
    }
    for file in ["manifest.json", "model.maat", "report.json", "Scarb.toml", "src/lib.cairo", "target/contract.sierra.json"] {
        for name in names(&format!("{package}/{file}")).into_iter().take(3) {
            for kind in ["model", "cairo"] {
                refused(&["prove", &package, "--input", &input, "--kind", kind, "-o", &name], "it is a file of the package");
            }
            let arguments = [&["prove", &package, "--input", &input, "-o", &proof], &opening[..], &[&name]].concat();
            refused(&arguments, "it is a file of the package");
        }
    }
    for name in names(&args) {
        refused(&["cairo-prove", &executable, "--args", &args, "-o", &name], "it is the arguments");
    }
    for name in names(&executable) {
        refused(&["cairo-prove", &executable, "-o", &name], "it is the program");
    }
    let mut after = contents(&folder.at(""));
    after.retain(|path, _| !["hard-", "soft-"].iter().any(|kind| path.file_name().unwrap().to_str().unwrap().starts_with(kind)));
    assert!(before == after);
}

#[test]
fn a_proof_replaces_proofs_and_other_files_only_by_force() {
    let folder = Folder::new();
    let proof = folder.at("proof.bin");
    for kind in ["model", "cairo"] {
        fs::write(&proof, "thesis").unwrap();
        let message = refusal(&folder.prove(&["--kind", kind, "-o", &proof]));
        assert!(message.contains("it exists, and is not a Maat proof") && message.contains("--force"), "{message}");
        assert_eq!(fs::read_to_string(&proof).unwrap(), "thesis");
        done(&folder.prove(&["--kind", kind, "-o", &proof, "--force"]));
        done(&folder.prove(&["--kind", kind, "-o", &proof]));
        done(&maat(&["verify", &proof, "--model", package()]));
    }
    // What `mktemp` made holds nothing.
    fs::write(&proof, "").unwrap();
    done(&folder.prove(&["-o", &proof]));
}

#[test]
fn an_opening_is_not_replaced() {
    let folder = Folder::new();
    let (proof, opening, other) = (folder.at("proof.bin"), folder.at("opening.json"), folder.at("other.bin"));
    let committed = ["--commit", "inputs", "--opening", &opening, "-o"];
    done(&folder.prove(&[&committed[..], &[&proof]].concat()));
    let before = contents(&folder.at(""));
    for output in [&proof, &other] {
        let message = refusal(&folder.prove(&[&committed[..], &[output]].concat()));
        assert!(message.contains("opening.json: it exists, and without it the proof that it opens could never be opened"), "{message}");
    }
    let message = refusal(&folder.prove(&["--commit", "inputs", "--opening", &folder.at("./new"), "-o", &folder.at("new")]));
    assert!(message.contains("cannot be both"), "{message}");
    assert!(before == contents(&folder.at("")));
    done(&maat(&["verify", &proof, "--model", package(), "--opening", &opening]));
    // By force it is, and then opens the new proof.
    done(&folder.prove(&[&committed[..], &[&other, "--force"]].concat()));
    done(&maat(&["verify", &other, "--model", package(), "--opening", &opening]));
    // An opening without its proof does not stay.
    let message = refusal(&folder.prove(&["--commit", "inputs", "--opening", &folder.at("left.json"), "-o", "/dev/full"]));
    assert!(message.contains("cannot write /dev/full: No space left"), "{message}");
    assert!(!folder.path("left.json").exists());
}

#[cfg(unix)]
#[test]
fn a_package_replaces_a_package_and_leaves_what_is_the_users() {
    let folder = Folder::new();
    let package = folder.package();
    let link = folder.at("link");
    std::os::unix::fs::symlink("package", &link).unwrap();
    fs::create_dir(format!("{package}/proofs")).unwrap();
    let mine = ["notes.txt", "proofs/1.bin", "src/mine.cairo"].map(|name| format!("{package}/{name}"));
    mine.iter().for_each(|name| fs::write(name, name).unwrap());
    let transpile = |more: &[&str]| maat(&[&["transpile", &example("rockybot.onnx"), "-o", &link], more].concat());

    let scarb = format!("{package}/Scarb.toml");
    let written = fs::read(&scarb).unwrap();
    fs::write(&scarb, "edited").unwrap();
    let before = contents(&package);
    let message = refusal(&transpile(&[]));
    assert!(message.contains("files that would be lost: Scarb.toml (edited)") && message.contains("--force"), "{message}");
    let message = refusal(&maat(&["demo", "-o", &package]));
    assert!(message.contains("Scarb.toml (edited)"), "{message}");
    assert!(before == contents(&package));

    // Without samples the model is another one than before.
    let model = fs::read(format!("{package}/model.maat")).unwrap();
    done(&transpile(&["--force"]));
    assert_ne!(fs::read(format!("{package}/model.maat")).unwrap(), model);
    assert_eq!(fs::read(&scarb).unwrap(), written);
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("package"));
    mine.iter().for_each(|name| assert_eq!(fs::read_to_string(name).unwrap(), *name));
    assert_eq!(folder.names(), ["in.json", "link", "package"]);
    done(&maat(&["run", &package, "--input", &folder.at("in.json")]));
}

#[test]
fn a_package_does_not_replace_what_it_is_made_from() {
    let folder = Folder::new();
    let package = folder.package();
    let [onnx, samples] = ["model.maat", "report.json"].map(|name| format!("{package}/{name}"));
    let calibration = example("calibration.json");
    let refused = |onnx: &str, calibration: &str, file: &str| {
        let arguments = ["transpile", onnx, "--calibration", calibration, "-o", &package];
        for force in [&[][..], &["--force"]] {
            let message = refusal(&maat(&[&arguments[..], force].concat()));
            let reason = format!("it would replace {file}, which it is made from. Name another folder");
            assert!(message.contains("cannot write a package to ") && message.contains(&reason), "{message}");
        }
    };
    for (from, to) in [(&example("rockybot.onnx"), &onnx), (&calibration, &samples)] {
        fs::copy(from, to).unwrap();
    }
    let before = contents(&package);
    refused(&onnx, &calibration, &onnx);
    refused(&example("rockybot.onnx"), &samples, &samples);
    assert!(before == contents(&package));
}

/// Runs for a minute at most: what waits for a pipe never ends.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let folder = Folder::new();
    let pipe = |path: &str| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let refused = |arguments: &[&str]| {
        let mut limited = Command::new("timeout");
        limited.args(["60", env!("CARGO_BIN_EXE_maat")]).args(arguments).stdin(Stdio::null());
        let message = refusal(&limited.output().unwrap());
        assert!(message.contains("it is not a regular file"), "{message}");
    };
    // A model with one tensor, whose data are in a file beside it; each message of the format has a tag and its length before it.
    let message = |field: u8, content: &[u8]| [&[field << 3 | 2, content.len() as u8], content].concat();
    let location = [message(1, b"location"), message(2, b"data")].concat();
    let tensor = [vec![1 << 3, 1, 2 << 3, 1], message(8, b"w"), message(13, &location), vec![14 << 3, 1]].concat();
    fs::write(folder.path("external.onnx"), message(7, &message(5, &tensor))).unwrap();
    pipe(&folder.at("data"));
    refused(&["transpile", &folder.at("external.onnx"), "-o", &folder.at("new")]);
    let package = folder.package();
    for file in ["model.maat", "manifest.json"] {
        fs::remove_file(format!("{package}/{file}")).unwrap();
        pipe(&format!("{package}/{file}"));
        refused(&["run", &package, "--input", &folder.at("in.json")]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_utf8_are_written_and_shown() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let at = |name: &[u8]| folder.path("").join(OsStr::from_bytes(name));
    let run = |command: &mut Command| {
        let output = command.output().unwrap();
        done(&output);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let shown = |value: &Value, end: &str| assert!(value.as_str().unwrap().ends_with(end), "{value}");
    let (input, onnx) = (folder.at("in.json"), example("rockybot.onnx"));
    for kind in ["model", "cairo"] {
        let proved = run(command(&["prove", package(), "--input", &input, "--kind", kind, "--json", "-o"]).arg(at(b"\xff\xfe.bin")));
        shown(&proved["output"], "/\u{fffd}\u{fffd}.bin");
    }
    assert!(at(b"\xff\xfe.bin").exists());
    let salted = ["prove", package(), "--input", &input, "--json", "--commit", "inputs", "-o"];
    let proved = run(command(&salted).arg(at(b"\xff")).arg("--opening").arg(at(b"\xfe.json")));
    shown(&proved["opening"], "/\u{fffd}.json");
    let transpiled = run(command(&["transpile", &onnx, "--json", "-o"]).arg(at(b"x\xff")));
    shown(&transpiled["output"], "/x\u{fffd}");
    for action in ["show", "clear"] {
        let cache = run(command(&["cache", action, "--json"]).env("MAAT_CACHE", at(b"c\xff")));
        shown(&cache["folder"], "/c\u{fffd}");
    }
}

#[test]
fn nothing_in_a_file_acts_on_a_terminal() {
    let folder = Folder::new();
    // What erases the screen, rings, colours in one character, and turns the direction of writing.
    let attack = "\u{1b}[2J\u{7}\u{9b}31m\u{202e}\nthe proof holds";
    let inert = |output: &Output| {
        for stream in [&output.stdout, &output.stderr] {
            let shown = text(stream);
            assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{shown:?}");
            assert!(!shown.contains("\nthe proof holds"), "{shown}");
        }
    };
    let refused = |arguments: &[&str], reason: &str| {
        let output = maat(arguments);
        inert(&output);
        assert!(refusal(&output).contains(reason), "{}", text(&output.stderr));
        let output = maat(&[arguments, &["--json"]].concat());
        inert(&output);
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(object["error"].as_str().unwrap().contains(reason), "{object}");
    };
    let input = folder.at("in.json");
    fs::write(&input, serde_json::json!({ attack: [1] }).to_string()).unwrap();
    refused(&["run", package(), "--input", &input], "has no input `\\u{1b}[2J\\u{7}\\u{9b}31m\\u{202e}\\nthe proof holds`");

    // A network whose names are of the same length, so that its bytes stay a network.
    let mut onnx = fs::read(example("rockybot.onnx")).unwrap();
    for at in 0..onnx.len() - 8 {
        if onnx[at..].starts_with(b"features") {
            onnx[at..at + 8].copy_from_slice(b"a\x1b[2J\n\x07b");
        }
    }
    fs::write(folder.path("model.onnx"), onnx).unwrap();
    refused(&["transpile", &folder.at("model.onnx"), "-o", &folder.at("new")], "the name `a\\u{1b}[2J\\n\\u{7}b` has characters that");

    // A manifest with a verdict, which every verb repeats.
    let package = folder.package();
    let path = format!("{package}/manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["verdict"]["fidelity"] = "degraded".into();
    manifest["verdict"]["losses"] = serde_json::json!([{ "output": attack, "refused": false, "loss": "disputed" }]);
    fs::write(&path, manifest.to_string()).unwrap();
    refused(&["inspect", &package], "manifest.json is not that of a package: it has control characters in the text `\\u{1b}[2J");
    // The command line may be another program's.
    inert(&maat(&["dance\u{9b}31m\u{202e}", "--json"]));
}

#[test]
fn what_is_no_place_for_a_package_is_refused_before_the_work() {
    let folder = Folder::new();
    let refused = |output: &str, reason: &str| {
        let (onnx, example) = (example("rockybot.onnx"), example(""));
        for arguments in [vec!["transpile", &onnx, "-o", output], vec!["demo", &example, "-o", output]] {
            let found = command(&arguments).current_dir(folder.0.path()).output().unwrap();
            let message = refusal(&found);
            assert!(message.contains(reason), "{arguments:?}: {message}");
        }
    };
    fs::create_dir_all(folder.path("extension/empty")).unwrap();
    fs::write(folder.path("extension/manifest.json"), r#"{"manifest_version": 3}"#).unwrap();
    let before = contents(&folder.at(""));
    let working = "that would replace the working directory. Name a folder inside it";
    for output in [".", "..", "/", "./", "extension/..", &folder.at("")] {
        refused(output, working);
    }
    refused("-", "it is a folder, so name one");
    for output in ["in.json", "extension", "/dev/null"] {
        refused(output, "exists and is not a Maat package");
    }
    refused("in.json/package", "cannot write in.json/package: Not a directory");
    #[cfg(target_os = "linux")]
    refused("/proc/package", "cannot write /proc/package");
    assert!(before == contents(&folder.at("")));
    assert_eq!(folder.names(), ["extension", "in.json"]);
}

#[test]
fn what_is_no_place_for_a_proof_is_refused_before_the_work() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    let executable = format!("{}/target/executable.json", package());
    for (output, reason) in [
        (folder.at("folder"), "it is a folder"),
        (folder.at("new/"), "it names a folder that does not exist"),
        (folder.at("missing/proof.bin"), "No such file or directory"),
        (folder.at("in.json/proof.bin"), "Not a directory"),
        (".".to_owned(), "it is a folder"),
    ] {
        for message in [
            refusal(&folder.prove(&["-o", &output])),
            refusal(&folder.prove(&["-o", &output, "--kind", "cairo", "--force"])),
            refusal(&folder.prove(&["-o", &folder.at("proof.bin"), "--commit", "inputs", "--opening", &output])),
            refusal(&maat(&["cairo-prove", &executable, "-o", &output])),
        ] {
            assert!(message.contains(&format!("cannot write {output}: {reason}")), "{message}");
        }
    }
    assert_eq!(folder.names(), ["folder", "in.json"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_stay() {
    let folder = Folder::new();
    fs::create_dir(folder.path("elsewhere")).unwrap();
    for (link, target) in [("proof.bin", "elsewhere/proof"), ("opening.json", "elsewhere/opening")] {
        std::os::unix::fs::symlink(target, folder.path(link)).unwrap();
    }
    let (proof, opening) = (folder.at("proof.bin"), folder.at("opening.json"));
    done(&folder.prove(&["--commit", "inputs", "--opening", &opening, "-o", &proof]));
    assert_eq!(fs::read_link(&proof).unwrap(), Path::new("elsewhere/proof"));
    assert_eq!(fs::read_link(&opening).unwrap(), Path::new("elsewhere/opening"));
    assert_eq!(fs::read_dir(folder.path("elsewhere")).unwrap().count(), 2);
    done(&maat(&["verify", &folder.at("elsewhere/proof"), "--model", package(), "--opening", &opening]));
}

#[test]
fn a_dash_is_the_standard_input_or_output() {
    let folder = Folder::new();
    let input = fs::read(folder.path("in.json")).unwrap();
    let run = response(fed(&["run", package(), "--input", "-", "--json"], &input));
    assert_eq!(run["outputs"], json(&["run", package(), "--input", &folder.at("in.json")])["outputs"]);
    let wrong = refusal(&fed(&["run", package(), "--input", "-"], b"no input"));
    assert!(wrong.contains("the standard input: neither JSON, .npy nor .npz"), "{wrong}");

    // The proof is all that goes to the standard output.
    for kind in ["model", "cairo"] {
        let proved = fed(&["prove", package(), "--input", "-", "--kind", kind, "-o", "-"], &input);
        done(&proved);
        assert!(text(&proved.stderr).contains("wrote to standard output"), "{}", text(&proved.stderr));
        let verified = response(fed(&["verify", "-", "--model", package(), "--json"], &proved.stdout));
        assert_eq!(verified["kind"], kind);
    }
    let executable = fs::read(format!("{}/target/executable.json", package())).unwrap();
    let args = folder.at("args.json");
    fs::write(&args, serde_json::to_string(&[0; 36][..]).unwrap()).unwrap();
    let proved = fed(&["cairo-prove", "-", "--args", &args, "-o", "-"], &executable);
    done(&proved);
    let manifest: Value = serde_json::from_slice(&fs::read(format!("{}/manifest.json", package())).unwrap()).unwrap();
    let hash = manifest["program_hash"].as_str().unwrap();
    response(fed(&["verify", "-", "--program-hash", hash, "--json"], &proved.stdout));

    // The opening likewise; but not both.
    let proof = folder.at("proof.bin");
    let opened = folder.prove(&["--commit", "inputs", "--opening", "-", "-o", &proof]);
    done(&opened);
    response(fed(&["verify", &proof, "--model", package(), "--opening", "-", "--json"], &opened.stdout));
    let both = refusal(&folder.prove(&["--commit", "inputs", "--opening", "-", "-o", "-"]));
    assert!(both.contains("cannot be both"), "{both}");
    let both = refusal(&fed(&["verify", "-", "--model", package(), "--opening", "-"], &opened.stdout));
    assert!(both.contains("cannot read the standard input: it was read for another file already"), "{both}");

    // Neither do bytes and the JSON object mix.
    for more in [&["-o", "-"][..], &["-o", "/dev/stdout"], &["-o", &proof, "--commit", "inputs", "--opening", "-"]] {
        let mixed = folder.prove(&[more, &["--json"]].concat());
        assert_eq!(mixed.status.code(), Some(2));
        let refused = object(&mixed);
        assert!(refused["error"].as_str().unwrap().contains("cannot both go to the standard output"), "{refused}");
    }
    // A file of that name has a longer one.
    done(&command(&["prove", package(), "--input", &folder.at("in.json"), "-o", "./-"]).current_dir(folder.0.path()).output().unwrap());
    assert!(folder.path("-").exists());
}

#[test]
fn a_network_may_come_from_the_standard_input() {
    let folder = Folder::new();
    let onnx = fs::read(example("rockybot.onnx")).unwrap();
    let transpiled = response(fed(&["transpile", "-", "-o", &folder.at("package"), "--json"], &onnx));
    assert_eq!(transpiled["manifest"]["name"], "model");
    let of_file: Value = serde_json::from_slice(&fs::read(format!("{}/manifest.json", package())).unwrap()).unwrap();
    assert_eq!(transpiled["manifest"]["provenance"]["onnx_sha256"], of_file["provenance"]["onnx_sha256"]);
    let wrong = refusal(&fed(&["transpile", "-", "-o", &folder.at("other")], b"no network"));
    assert!(wrong.contains("the standard input: not an ONNX model"), "{wrong}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_name_of_the_standard_output_is_it() {
    let folder = Folder::new();
    let input = folder.at("in.json");
    let arguments = ["prove", package(), "--input", &input, "-o", "/dev/stdout"];
    let proved = command(&arguments).output().unwrap();
    done(&proved);
    response(fed(&["verify", "-", "--model", package(), "--json"], &proved.stdout));
    // Where it goes to a file, that is written once, and the text does not follow.
    let proof = folder.path("proof.bin");
    for name in ["/dev/stdout", proof.to_str().unwrap()] {
        let arguments = ["prove", package(), "--input", &input, "-o", name];
        let output = command(&arguments).stdout(File::create(&proof).unwrap()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success() && text(&output.stderr).contains("wrote to standard output"), "{}", text(&output.stderr));
        json(&["verify", proof.to_str().unwrap(), "--model", package()]);
    }
    // /dev/null takes both, and nothing mixes.
    let arguments = ["prove", package(), "--input", &input, "-o", "/dev/null", "--json"];
    assert!(command(&arguments).stdout(File::create("/dev/null").unwrap()).status().unwrap().success());
}

/// Every verb, those below it, and the binary alone, as help lists them.
fn verbs() -> Vec<Vec<String>> {
    let mut verbs = vec![vec![]];
    for verb in listed(&[]) {
        verbs.extend(listed(&[&verb]).into_iter().map(|below| vec![verb.clone(), below]));
        verbs.push(vec![verb]);
    }
    for known in [&["transpile"][..], &["cairo-prove"], &["registry"], &["registry", "show"], &["devnet", "status"]] {
        assert!(verbs.iter().any(|verb| verb == known), "{known:?} is missing in {verbs:?}");
    }
    verbs
}

/// The verbs below one.
fn listed(verb: &[&str]) -> Vec<String> {
    let help = text(&command(&[verb, &["--help"]].concat()).output().unwrap().stdout);
    let Some((_, commands)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let names = commands.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// A verb with further arguments.
fn with<'a>(verb: &'a [String], arguments: &[&'a str]) -> Vec<&'a str> {
    verb.iter().map(String::as_str).chain(arguments.iter().copied()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_has_a_failing_exit_code_for_every_verb() {
    let folder = Folder::new();
    let proof = folder.at("proof.bin");
    done(&folder.prove(&["-o", &proof]));
    let verbs = verbs();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let cannot = |arguments: &[&str]| {
        let output = command(arguments).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(errors(&output).contains("No space left on device"), "{arguments:?}: {}", text(&output.stderr));
    };
    let (input, other) = (folder.at("in.json"), folder.at("other.bin"));
    for json in [&[][..], &["--json"]] {
        cannot(&[&["--version"], json].concat());
        verbs.iter().for_each(|verb| cannot(&[&with(verb, &["--help"]), json].concat()));
        cannot(&[&["run", package(), "--input", &input], json].concat());
        cannot(&[&["run", package(), "--input", &input, "--executor", "cairo"], json].concat());
        cannot(&[&["inspect", package()], json].concat());
        cannot(&[&["verify", &proof, "--model", package()], json].concat());
        cannot(&[&["verify", &proof, "--commitment", &format!("0x{}", "0".repeat(64))], json].concat());
        cannot(&[&["commitment", package()], json].concat());
        cannot(&[&["prove", package(), "--input", &input, "-o", &other], json].concat());
        cannot(&[&["devnet", "status"], json].concat());
    }
    cannot(&["help", "prove"]);
    cannot(&["prove", package(), "--input", &input, "-o", "-"]);
    // The files, instead of the standard output.
    let executable = format!("{}/target/executable.json", package());
    let args = folder.at("args.json");
    fs::write(&args, serde_json::to_string(&[0; 36][..]).unwrap()).unwrap();
    for arguments in [
        &["prove", package(), "--input", &input, "-o", "/dev/full"][..],
        &["prove", package(), "--input", &input, "-o", "/dev/full", "--kind", "cairo"],
        &["prove", package(), "--input", &input, "-o", &folder.at("a.bin"), "--commit", "inputs", "--opening", "/dev/full"],
        &["cairo-prove", &executable, "--args", &args, "-o", "/dev/full"],
    ] {
        let message = refusal(&maat(arguments));
        assert!(message.contains("cannot write /dev/full: No space left on device"), "{message}");
    }
    assert!(!folder.path("a.bin").exists());
    // Where not even the error can be written, there is the exit code, and no panic.
    for arguments in [&["dance"][..], &["run", "/does/not/exist", "--input", "in.json"], &["--help", "--json"]] {
        assert_eq!(command(arguments).stdout(full()).stderr(full()).status().unwrap().code(), Some(2), "{arguments:?}");
    }
}

/// A limit of the length of files ends the process in the middle of a write, as a kill would.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_stopped_leaves_the_older_file_and_a_later_one_cleans_up() {
    let folder = Folder::new();
    let proof = folder.at("proof.bin");
    done(&folder.prove(&["-o", &proof]));
    let before = fs::read(&proof).unwrap();
    let input = folder.at("in.json");
    let arguments = ["prove", package(), "--input", &input, "-o", &proof, "--no-cache"];
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_maat")]).args(arguments);
    let output = limited.output().unwrap();
    assert!(!output.status.success());
    assert_eq!(fs::read(&proof).unwrap(), before);
    let [partial] = &folder.names().into_iter().filter(|name| name.starts_with(".maat-")).collect::<Vec<_>>()[..] else {
        panic!("one partial file: {:?}", folder.names())
    };
    // Another run may still be writing it; a day later none is.
    done(&folder.prove(&["-o", &proof]));
    assert!(folder.path(partial).exists());
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(1_000_000);
    File::open(folder.path(partial)).unwrap().set_modified(old).unwrap();
    done(&folder.prove(&["-o", &proof]));
    assert_eq!(folder.names(), ["in.json", "proof.bin"]);
}

/// Says what came of a command in the one schema of all verbs.
fn outcome(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = command(&[arguments, &["--json"]].concat()).output().unwrap();
    let object = object(&output);
    let [first, second] = object.as_object().unwrap().keys().take(2).collect::<Vec<_>>()[..] else { panic!("{object}") };
    assert_eq!([first, second], ["ok", "exit_code"], "{object}");
    assert_eq!(object["ok"].as_bool().unwrap(), object["exit_code"] == 0, "{object}");
    assert_eq!(object["exit_code"].as_i64(), output.status.code().map(i64::from), "{object}");
    assert_eq!(object["error"].is_string(), object["exit_code"] != 0, "{object}");
    (object, output.status.code())
}

#[test]
fn every_outcome_is_one_object_on_the_standard_output() {
    let folder = Folder::new();
    let (proof, input) = (folder.at("proof.bin"), folder.at("in.json"));
    done(&folder.prove(&["-o", &proof]));
    let zero = format!("0x{}", "0".repeat(64));
    for (arguments, code) in [
        (&["run", package(), "--input", &input][..], 0),
        (&["verify", &proof, "--model", package()], 0),
        (&["verify", &proof, "--commitment", &zero], 1),
        (&["verify", &input, "--model", package()], 2),
        (&["verify", &folder.at("missing"), "--model", package()], 2),
        (&["inspect", "/does/not/exist"], 2),
        (&["run", package(), "--input", &proof], 2),
    ] {
        assert_eq!(outcome(arguments).1, Some(code), "{arguments:?}");
    }
    // A commitment that is another's was checked, and does not hold: the text's first line says so.
    let package = folder.package();
    let mut manifest: Value = serde_json::from_slice(&fs::read(format!("{package}/manifest.json")).unwrap()).unwrap();
    manifest["entries"][0]["fixed_root"] = zero.as_str().into();
    fs::write(format!("{package}/manifest.json"), manifest.to_string()).unwrap();
    let (compared, code) = outcome(&["commitment", &package]);
    assert_eq!((code, compared["error"].as_str()), (Some(1), Some("the commitment does NOT match the model")));
}

#[test]
fn wrong_usage_is_an_object_too() {
    for (arguments, reason) in [
        (&["dance"][..], "unrecognized subcommand 'dance'"),
        (&[], "requires a subcommand"),
        (&["devnet"], "requires a subcommand"),
        (&["run"], "<PACKAGE>"),
        (&["run", "package", "--input", "in.json", "--executor", "abacus"], "invalid value 'abacus'"),
        (&["verify", "proof.bin", "--commitment", "0x12"], "invalid value '0x12'"),
        (&["prove", "package", "--input", "in.json", "-o", "proof.bin", "--opening", "o.json"], "required arguments were not provided"),
    ] {
        let (refused, code) = outcome(arguments);
        let error = refused["error"].as_str().unwrap();
        assert!(code == Some(2) && error.contains(reason), "{arguments:?}: {refused}");
        assert!(!error.contains("Usage:") && !error.starts_with("error"), "{error}");
    }
    // Every verb that takes arguments is refused without them in the same way.
    for verb in verbs() {
        let (refused, code) = outcome(&with(&verb, &["--no-such-flag"]));
        assert!(code == Some(2) && refused["error"].as_str().unwrap().contains("--no-such-flag"), "{refused}");
    }
    // As text it is the same on the other stream, with the usage.
    let output = command(&["run", "package"]).output().unwrap();
    let message = refusal(&output);
    assert!(message.starts_with("error: ") && message.contains("--input <FILE>") && message.contains("Usage:"), "{message}");

    let (help, code) = outcome(&["--help"]);
    assert!(code == Some(0) && help["help"].as_str().unwrap().contains("Exit codes: 0"), "{help}");
    let (help, code) = outcome(&["help", "run"]);
    assert!(code == Some(0) && help["help"].as_str().unwrap().contains("maat run"), "{help}");
    let (version, code) = outcome(&["--version"]);
    assert_eq!((code, version["version"].as_str()), (Some(0), Some(concat!("maat ", env!("CARGO_PKG_VERSION")))));
    // Behind `--` it is not a flag.
    assert!(refusal(&command(&["dance", "--", "--json"]).output().unwrap()).contains("unrecognized subcommand"));
}

#[test]
fn help_fits_into_its_columns() {
    for verb in verbs() {
        // What a pipe gets, and what terminals of these widths get.
        for (columns, width) in [(None, 100), (Some("80"), 80), (Some("120"), 120), (Some("300"), 120)] {
            for flag in ["--help", "-h"] {
                let mut help = command(&with(&verb, &[flag]));
                help.env_remove("COLUMNS").envs(columns.map(|columns| ("COLUMNS", columns)));
                let help = text(&help.output().unwrap().stdout);
                let long = help.lines().find(|line| line.chars().count() > width);
                assert_eq!(long, None, "{verb:?} {flag} in {width} columns");
            }
        }
    }
}

#[test]
fn examples_in_help_are_not_broken() {
    for verb in verbs() {
        let help = |columns| text(&command(&with(&verb, &["--help"])).env("COLUMNS", columns).output().unwrap().stdout);
        let examples = |help: &str| help.lines().filter(|line| line.starts_with("  maat ")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(examples(&help("80")), examples(&help("120")), "{verb:?}");
    }
}
