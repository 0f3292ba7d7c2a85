//! Runs that are stopped and go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

fn job() -> Job<'static> {
    super::job(Public)
}

/// Makes the record, and gives how many proofs were made for it.
fn make(job: &Job<'_>, folder: &Path) -> (Made, usize) {
    let calls = AtomicUsize::new(0);
    let parts = job.parts(folder).unwrap();
    let count = |batch: &[Vec<i32>]| {
        calls.fetch_add(1, Ordering::Relaxed);
        prove(batch)
    };
    let made = job.make(Some(&parts), one(), count, |_| ()).unwrap();
    verify(&made.record.to_bytes().unwrap(), &Expectations::default()).unwrap();
    (made, calls.into_inner())
}

/// A folder in which a run was stopped after two proofs.
fn stopped() -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join(".record.bin.parts");
    let calls = AtomicUsize::new(0);
    let parts = job().parts(&folder).unwrap();
    let third_fails = |batch: &[Vec<i32>]| match calls.fetch_add(1, Ordering::Relaxed) {
        2 => Err("no memory".to_owned()),
        _ => prove(batch),
    };
    let error = job().make(Some(&parts), one(), third_fails, |_| ()).unwrap_err().to_string();
    assert!(error.starts_with("batch 2 (2021-06-01T11:00:00Z to 2021-06-01T18:00:00Z): no memory"), "{error}");
    assert_eq!(files(&folder).len(), 2);
    (outer, folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_stopped_run_goes_on_from_its_last_finished_proof() {
    let (_outer, folder) = stopped();
    assert_eq!(job().parts(&folder).unwrap().kept(), 2);
    let (made, calls) = make(&job(), &folder);
    assert_eq!((calls, made.found, made.spoilt), (4, 2, 0));
    // A record can be made of what is there alone.
    let (made, calls) = make(&job(), &folder);
    assert_eq!((calls, made.found, made.spoilt), (0, 6, 0));
    job().parts(&folder).unwrap().remove();
    assert!(!folder.exists());
}

#[test]
fn the_progress_counts_what_was_found_and_what_was_made() {
    let (_outer, folder) = stopped();
    let parts = job().parts(&folder).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    job().make(Some(&parts), one(), prove, |progress| seen.lock().unwrap().push((progress.done, progress.total))).unwrap();
    assert_eq!(seen.into_inner().unwrap(), (0..=6).map(|done| (done, 6)).collect::<Vec<_>>());
}

#[test]
fn a_spoilt_proof_is_made_anew() {
    let damages: [fn(&mut Vec<u8>); 6] = [
        |bytes| bytes[0] ^= 1,
        |bytes| bytes[8] ^= 1,
        // An output of the first decision.
        |bytes| bytes[44] ^= 1,
        |bytes| bytes[2_000] ^= 1,
        |bytes| bytes.truncate(50),
        |bytes| bytes.clear(),
    ];
    for damage in damages {
        let (_outer, folder) = stopped();
        let file = &files(&folder)[0];
        let mut bytes = fs::read(file).unwrap();
        damage(&mut bytes);
        fs::write(file, bytes).unwrap();
        let (made, calls) = make(&job(), &folder);
        assert_eq!((calls, made.found, made.spoilt), (5, 1, 1));
        // What was made anew is kept.
        assert_eq!(make(&job(), &folder).1, 0);
    }
}

#[test]
fn a_file_that_is_too_long_for_a_proof_is_not_read() {
    let (_outer, folder) = stopped();
    let file = fs::File::options().write(true).open(&files(&folder)[0]).unwrap();
    file.set_len(maat_verifier::MAX_FILE_BYTES as u64 + 1).unwrap();
    let (made, calls) = make(&job(), &folder);
    assert_eq!((calls, made.found, made.spoilt), (5, 1, 0));
}

#[test]
fn a_proof_under_the_name_of_another_batch_is_not_used() {
    let (_outer, folder) = stopped();
    let files = files(&folder);
    fs::copy(&files[1], &files[0]).unwrap();
    let (made, calls) = make(&job(), &folder);
    assert_eq!((calls, made.found, made.spoilt), (5, 1, 1));
}

#[test]
fn proofs_of_another_job_are_neither_used_nor_removed() {
    let mut fees = STRATEGY.clone();
    fees.fees.management_bps = 0;
    let mut prices = OBSERVATIONS.clone();
    prices[20].quote = Price::new(99_990_000).unwrap();
    let jobs = [
        Job::new(&fees, &ENTRIES, CHOICE, Public, &OBSERVATIONS).unwrap(),
        Job::new(&STRATEGY, &ENTRIES, CHOICE, Public, &prices).unwrap(),
    ];
    for other in jobs {
        let (_outer, folder) = stopped();
        let before = files(&folder);
        let (made, calls) = make(&other, &folder);
        assert_eq!((calls, made.found, made.spoilt), (6, 0, 0));
        let parts = other.parts(&folder).unwrap();
        assert_eq!((parts.kept(), parts.others()), (6, 2));
        parts.remove();
        assert_eq!(files(&folder), before);
    }
    // The batch size decides what a proof is of.
    let single = Job::new(&STRATEGY, &ENTRIES, (Preset::Fast, 1), Public, &OBSERVATIONS).unwrap();
    let (_outer, folder) = stopped();
    assert_eq!((single.proofs(), single.parts(&folder).unwrap().others()), (23, 2));
}

#[test]
fn files_of_the_users_stay_in_the_folder() {
    let (_outer, folder) = stopped();
    fs::write(folder.join("thesis"), "").unwrap();
    job().parts(&folder).unwrap().remove();
    assert_eq!(files(&folder), [folder.join("thesis")]);
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = |path: &Path| job().parts(path).unwrap_err().to_string();
    assert!(refused(&file).ends_with("file: it exists, and is not a folder: move it away"), "{}", refused(&file));
    assert!(refused(&outer.path().join("missing/parts")).contains("No such file"));
    #[cfg(unix)]
    {
        let link = outer.path().join("link");
        std::os::unix::fs::symlink(outer.path(), &link).unwrap();
        assert!(refused(&link).contains("is not a folder"));
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_is_not_followed() {
    let (outer, folder) = stopped();
    let file = &files(&folder)[0];
    let target = outer.path().join("target");
    fs::rename(file, &target).unwrap();
    std::os::unix::fs::symlink(&target, file).unwrap();
    let before = fs::read(&target).unwrap();
    let (made, calls) = make(&job(), &folder);
    assert_eq!((calls, made.found), (5, 1));
    assert_eq!(fs::read(&target).unwrap(), before);
    assert!(fs::symlink_metadata(file).unwrap().is_file());
}

#[test]
fn a_prover_that_errs_is_noticed_before_anything_is_kept() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("parts");
    let wrong: [fn(&mut Proof); 3] = [|proof| proof.outputs[0] ^= 1, |proof| drop(proof.outputs.drain(1..)), |proof| proof.stark[100] ^= 1];
    for wrong in wrong {
        let prove = |batch: &[Vec<i32>]| {
            prove(batch).map(|mut proof| {
                wrong(&mut proof);
                proof
            })
        };
        let parts = job().parts(&folder).unwrap();
        let error = job().make(Some(&parts), one(), prove, |_| ()).unwrap_err().to_string();
        assert!(error.starts_with("batch 0 (") && error.contains("which is a bug of the prover"), "{error}");
        assert_eq!(files(&folder), [] as [PathBuf; 0]);
    }
}

#[test]
fn the_last_batch_repeats_its_last_decision() {
    let batches = std::sync::Mutex::new(Vec::new());
    let note = |batch: &[Vec<i32>]| {
        batches.lock().unwrap().push(batch.to_vec());
        prove(batch)
    };
    job().make(None, one(), note, |_| ()).unwrap();
    let batches = batches.into_inner().unwrap();
    assert!(batches.iter().all(|batch| batch.len() == 4));
    let inputs: Vec<Vec<i32>> = batches.concat();
    let mut history = crate::history::History::default();
    OBSERVATIONS.iter().for_each(|seen| _ = history.record(*seen));
    let points: Vec<Vec<i32>> = STRATEGY.decision_points(&history).map(|point| point.inputs).collect();
    assert_eq!((&inputs[..23], &inputs[23]), (&points[..], &points[22]));
}

#[test]
fn a_job_that_no_record_can_be_of_says_so_at_once() {
    let refused =
        |choice, observations: &[Observation]| Job::new(&STRATEGY, &ENTRIES, choice, Public, observations).err().unwrap().to_string();
    assert!(refused((Preset::Fast, 1_000), &OBSERVATIONS).contains("list the size with `maat transpile .. --batch 1000`"));
    assert!(refused(CHOICE, &OBSERVATIONS[..3]).starts_with("there is no decision"));
    let mut repeated = OBSERVATIONS.clone();
    repeated[1] = repeated[0];
    assert!(refused(CHOICE, &repeated).contains("is repeated"));
}
