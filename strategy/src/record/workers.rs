//! Work on numbered pieces, several at a time.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work of pieces 0 to `count - 1`, at most `jobs` at a time, begun in their order. After a failure no piece is begun any more.
///
/// # Errors
/// What the first piece that failed says. Those before it were begun before it and are waited for, so that it is always the same one.
pub(super) fn side_by_side<T: Send, E: Send>(
    count: usize,
    jobs: NonZeroUsize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done: Mutex<Vec<Option<Result<T, E>>>> = Mutex::new((0..count).map(|_| None).collect());
    let worker = || {
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = work(index);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            done.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.get().min(count) {
            // Without another thread, this one does the work.
            let _ = thread::Builder::new().spawn_scoped(scope, worker);
        }
        worker();
    });
    // Pieces after a failure may be missing; those before it are not.
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// As many jobs as the machine has cores.
pub(super) fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pieces_are_done_once_and_in_their_places() {
        for jobs in [1, 2, 7, 100] {
            let calls = AtomicUsize::new(0);
            let squares = side_by_side(20, NonZeroUsize::new(jobs).unwrap(), |index| {
                calls.fetch_add(1, Ordering::Relaxed);
                Ok::<_, ()>(index * index)
            });
            assert_eq!(squares, Ok((0..20).map(|index| index * index).collect()));
            assert_eq!(calls.into_inner(), 20);
        }
        assert_eq!(side_by_side(0, cores(), |_| Err::<(), _>(())), Ok(vec![]));
    }

    #[test]
    fn the_first_piece_that_fails_is_named_and_little_is_begun_after_it() {
        for jobs in [1, 2, 3] {
            let calls = AtomicUsize::new(0);
            let failed = side_by_side(1_000, NonZeroUsize::new(jobs).unwrap(), |index| {
                calls.fetch_add(1, Ordering::Relaxed);
                // A later piece fails first.
                if index == 5 {
                    thread::sleep(std::time::Duration::from_millis(20));
                }
                if index < 5 { Ok(()) } else { Err(index) }
            });
            assert_eq!(failed, Err(5));
            assert!(calls.into_inner() <= 5 + jobs);
        }
    }
}
