//! Runs foreign code where its panics can be caught: it indexes and unwraps in places that a malformed file reaches.

/// Name of the thread in which foreign code reads the file. A program may silence its panics, because they are returned as errors.
pub const IMPORT_THREAD: &str = "onnx-import";

/// Runs foreign code.
///
/// # Errors
/// It failed, or panicked.
pub fn guarded<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    let worker = std::thread::Builder::new().name(IMPORT_THREAD.to_owned()).spawn(work).map_err(|error| error.to_string())?;
    worker.join().unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(message.unwrap_or_else(|| "the importer failed".to_owned()))
    })
}
