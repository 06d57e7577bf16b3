//! Whole lines on standard error and standard output.
//!
//! Standard error is locked for the time of a line, as by `eprintln!`, so the lines of threads do not mix. If both outputs
//! are one file or one pipe, as in Lambda, a line on standard output takes the same lock.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The pause before another attempt, where another program has made an output non-blocking.
const PAUSE: Duration = Duration::from_millis(2);

/// `true` after a failed write to standard error, perhaps in the middle of a line.
static IS_BROKEN_ERRORS: AtomicBool = AtomicBool::new(false);

/// Writes a line, with its line break, to standard error.
pub(crate) fn error_line(line: &[u8]) {
    // There is nowhere to report that standard error is closed.
    let _ = whole_line(&mut io::stderr().lock(), line, &IS_BROKEN_ERRORS);
}

/// Writes a line, with its line break, to standard output.
///
/// # Errors
///
/// Those of standard output.
pub(crate) fn line(line: &[u8]) -> io::Result<()> {
    static IS_BROKEN: AtomicBool = AtomicBool::new(false);
    match is_one_file() {
        // The lock of both outputs would wait for a program that has locked one and writes to the other.
        true => whole_line(&mut io::stderr().lock(), line, &IS_BROKEN_ERRORS),
        false => whole_line(&mut io::stdout().lock(), line, &IS_BROKEN),
    }
}

/// Returns `true` if standard output and standard error are one file, pipe or terminal.
fn is_one_file() -> bool {
    static IS_ONE_FILE: OnceLock<bool> = OnceLock::new();
    *IS_ONE_FILE.get_or_init(|| match (identity(io::stdout()), identity(io::stderr())) {
        (Some(output), Some(errors)) => output == errors,
        _ => false,
    })
}

/// Returns the device and the number of a file.
#[cfg(unix)]
fn identity(output: impl AsFd) -> Option<(u64, u64)> {
    let file = File::from(output.as_fd().try_clone_to_owned().ok()?);
    let metadata = file.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity<T>(_: T) -> Option<(u64, u64)> {
    None
}

/// Writes a line. After a failure, which may have left the start of a line, the next line begins on a line of its own.
pub(crate) fn whole_line(output: &mut impl Write, line: &[u8], is_broken: &AtomicBool) -> io::Result<()> {
    let written = match is_broken.load(Ordering::Relaxed) {
        // The rest of a broken line must not spoil the next line.
        true => write_all(output, b"\n").and_then(|()| write_all(output, line)),
        false => write_all(output, line),
    };
    let written = written.and_then(|()| until_ready(|| output.flush()));
    is_broken.store(written.is_err(), Ordering::Relaxed);
    written
}

/// Writes all bytes, also to a non-blocking output.
fn write_all(output: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = until_ready(|| output.write(bytes))?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        bytes = bytes.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Repeats an interrupted or blocked operation.
fn until_ready<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match operation() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// An output that does what its script says: takes this many bytes, or fails.
    struct Scripted {
        script: VecDeque<Result<usize, ErrorKind>>,
        taken: Vec<u8>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let most = self.script.pop_front().unwrap_or(Ok(usize::MAX))?;
            let some = &bytes[..bytes.len().min(most)];
            self.taken.extend_from_slice(some);
            Ok(some.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_whole_or_fails_and_never_spoils_the_next_one() {
        use ErrorKind::{BrokenPipe, Interrupted, StorageFull, WouldBlock};
        for (script, expected, why) in [
            (vec![], "first\nsecond\n", "one write for each line"),
            (
                vec![Err(Interrupted), Err(WouldBlock), Ok(1), Ok(2)],
                "first\nsecond\n",
                "non-blocking, little by little",
            ),
            (vec![Ok(3), Err(StorageFull)], "fir\nsecond\n", "no more room for a while, in the middle of a line"),
            (vec![Err(BrokenPipe)], "\nsecond\n", "a failure before the first byte"),
            (vec![Ok(0)], "\nsecond\n", "an output that takes nothing"),
        ] {
            let mut output = Scripted { script: script.into(), taken: Vec::new() };
            let is_broken = AtomicBool::new(false);
            let is_written = whole_line(&mut output, b"first\n", &is_broken).is_ok();
            assert_eq!(is_written, expected.starts_with("first"), "{why}");
            whole_line(&mut output, b"second\n", &is_broken).unwrap();
            assert_eq!(String::from_utf8_lossy(&output.taken), expected, "{why}");
        }
    }
}
