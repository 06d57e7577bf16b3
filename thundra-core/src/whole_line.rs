//! Whole lines on the standard streams, even with other writers.
//!
//! A stream is locked for the time of a line, as `println!` does, so lines of several threads do not mix.

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

/// A standard stream of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StandardStream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// The pause before another attempt, where another program has made the stream non-blocking.
const PAUSE: Duration = Duration::from_millis(2);

static OUTPUT: Stream = Stream::new();
static ERROR: Stream = Stream::new();

/// Writes a line, with its line break, to a standard stream. Other threads wait until the end of the line.
///
/// # Errors
///
/// The stream accepts no more bytes. The rest of the line does not spoil the next line.
pub fn write_line(stream: StandardStream, line: &[u8]) -> io::Result<()> {
    match stream {
        // Locking both streams could deadlock with a program that holds one lock and writes to the other stream. The
        // lock of standard error keeps log lines apart.
        StandardStream::Output if is_one_stream() => ERROR.write(&mut io::stderr().lock(), line),
        StandardStream::Output => OUTPUT.write(&mut io::stdout().lock(), line),
        StandardStream::Error => ERROR.write(&mut io::stderr().lock(), line),
    }
}

/// Returns `true` if both streams are one file, pipe or terminal. In a shared file, a log line could break a line on
/// standard output.
fn is_one_stream() -> bool {
    static IS_ONE_STREAM: OnceLock<bool> = OnceLock::new();
    *IS_ONE_STREAM.get_or_init(|| match (identity(io::stdout()), identity(io::stderr())) {
        (Some(output), Some(errors)) => output == errors,
        _ => false,
    })
}

/// Returns the device and the number of the file behind a stream.
#[cfg(unix)]
fn identity(stream: impl AsFd) -> Option<(u64, u64)> {
    let file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
    let metadata = file.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity<T>(_: T) -> Option<(u64, u64)> {
    None
}

/// The state of a stream.
#[derive(Debug)]
struct Stream {
    /// `true` after a failed write, perhaps in the middle of a line.
    is_broken: AtomicBool,
}

impl Stream {
    const fn new() -> Self {
        Stream { is_broken: AtomicBool::new(false) }
    }

    fn write(&self, output: &mut impl Write, line: &[u8]) -> io::Result<()> {
        let written = match self.is_broken.load(Ordering::Relaxed) {
            // The rest of a broken line must not spoil the next line.
            true => write_all(output, b"\n").and_then(|()| write_all(output, line)),
            false => write_all(output, line),
        };
        let written = written.and_then(|()| until_ready(|| output.flush()));
        self.is_broken.store(written.is_err(), Ordering::Relaxed);
        written
    }
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

    /// A scripted output: each step takes a number of bytes, or fails.
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
            let stream = Stream::new();
            let is_written = stream.write(&mut output, b"first\n").is_ok();
            assert_eq!(is_written, expected.starts_with("first"), "{why}");
            stream.write(&mut output, b"second\n").unwrap();
            assert_eq!(String::from_utf8_lossy(&output.taken), expected, "{why}");
        }
    }
}
