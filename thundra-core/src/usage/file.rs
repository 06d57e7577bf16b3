//! A file of `/proc`: open for as long as the process, and read into a buffer of the process.
//!
//! Opening a file of `/proc` costs about as much as reading the file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The longest text. Of a longer file, the first bytes are read.
const ROOM: usize = 4096;

/// The buffer of all readers. A buffer on the stack would be cleared before each reading.
static BUFFER: Mutex<[u8; ROOM]> = Mutex::new([0; ROOM]);

/// A file kept open.
pub(super) struct Kept {
    path: &'static str,
    file: OnceLock<File>,
}

impl Kept {
    pub(super) const fn new(path: &'static str) -> Self {
        Kept { path, file: OnceLock::new() }
    }

    /// Parses the current content. Returns `None` for an unreadable file.
    pub(super) fn read<T>(&self, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        match self.file.get() {
            Some(file) => parse_file(file, parse),
            None => {
                let file = File::open(self.path).ok()?;
                parse_file(self.file.get_or_init(|| file), parse)
            }
        }
    }
}

/// Opens and parses a file.
pub(super) fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    parse_file(&File::open(path).ok()?, parse)
}

fn parse_file<T>(file: &File, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let mut buffer = BUFFER.lock().unwrap_or_else(PoisonError::into_inner);
    // A single read, because the kernel composes the text again for each read.
    let len = read_from_start(file, &mut *buffer).ok()?;
    parse(buffer.get(..len)?)
}

#[cfg(unix)]
fn read_from_start(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, 0)
}

/// Other systems have no `/proc`.
#[cfg(not(unix))]
fn read_from_start(_: &File, _: &mut [u8]) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_is_read_anew_and_of_a_long_one_the_first_bytes() {
        let path = std::env::temp_dir().join(format!("thundra-usage-{}", std::process::id()));
        let kept = Kept::new(path.to_str().unwrap().to_owned().leak());
        let content = || kept.read(|text| Some(text.to_vec()));
        assert!(content().is_none() && read(&path, |_| Some(())).is_none(), "no file yet");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(content().unwrap(), b"one\ntwo\nthr");
        std::fs::write(&path, "a line of sixteen\n".repeat(1000)).unwrap();
        assert_eq!(content().unwrap(), &"a line of sixteen\n".repeat(1000).as_bytes()[..ROOM]);
        std::fs::remove_file(&path).unwrap();
        assert!(content().is_some(), "it stays open");
        assert!(read(&std::env::temp_dir(), |_| Some(())).is_none(), "a folder");
    }
}
