//! A file of `/proc`: open for as long as the process, and read into a buffer on the stack.
//!
//! Opening a file of `/proc` costs about as much as reading the file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// The longest text. Of a longer file, the first complete lines are read.
const ROOM: usize = 4096;

/// A file kept open.
pub(super) struct Kept {
    path: &'static str,
    file: OnceLock<File>,
}

impl Kept {
    pub(super) const fn new(path: &'static str) -> Self {
        Kept { path, file: OnceLock::new() }
    }

    /// Reads the current content. Returns `None` for an unreadable file.
    pub(super) fn read(&self) -> Option<Text> {
        match self.file.get() {
            Some(file) => Text::of(file),
            None => {
                let file = File::open(self.path).ok()?;
                Text::of(self.file.get_or_init(|| file))
            }
        }
    }
}

/// Reads a file once.
pub(super) fn read(path: &Path) -> Option<Text> {
    Text::of(&File::open(path).ok()?)
}

/// The text of a file.
pub(super) struct Text {
    buffer: [u8; ROOM],
    len: usize,
}

impl Text {
    fn of(file: &File) -> Option<Self> {
        let mut buffer = [0; ROOM];
        // A single read, because the kernel composes the text again for each read.
        let len = read_from_start(file, &mut buffer).ok()?;
        Some(Text { buffer, len })
    }

    /// Returns the bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Returns the complete lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes().split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
    }
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
    fn a_kept_file_is_read_anew_and_of_a_long_one_the_complete_lines() {
        let path = std::env::temp_dir().join(format!("thundra-usage-{}", std::process::id()));
        let kept = Kept::new(path.to_str().unwrap().to_owned().leak());
        assert!(kept.read().is_none() && read(&path).is_none(), "no file yet");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(kept.read().unwrap().lines().collect::<Vec<_>>(), [b"one", b"two"]);
        std::fs::write(&path, "a line of sixteen\n".repeat(1000)).unwrap();
        let text = kept.read().unwrap();
        assert_eq!((text.bytes().len(), text.lines().count()), (ROOM, ROOM / 18));
        assert!(text.lines().all(|line| line == b"a line of sixteen"));
        std::fs::remove_file(&path).unwrap();
        assert!(kept.read().is_some(), "it stays open");
        assert!(read(&std::env::temp_dir()).is_none(), "a folder");
    }
}
