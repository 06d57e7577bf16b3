//! The corpus of a target in one file, with an escaped input a line, and as a folder for libFuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

/// Writes the inputs of a file into a folder, and removes all other inputs from the folder.
pub fn unpack(file: &Path, folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (number, line) in fs::read_to_string(file)?.lines().enumerate() {
        let input = unescape(line).ok_or_else(|| io::Error::other(format!("{}:{}", file.display(), number + 1)))?;
        fs::write(folder.join(number.to_string()), input)?;
    }
    Ok(())
}

/// Writes the inputs of a folder into a file, the shortest first.
pub fn pack(folder: &Path, file: &Path) -> io::Result<()> {
    let mut inputs = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let input = fs::read(entry?.path())?;
        inputs.insert((input.len(), input));
    }
    let lines: String = inputs.iter().map(|(_, input)| format!("{}\n", input.escape_ascii())).collect();
    fs::write(file, lines)
}

/// Reverses `escape_ascii`.
fn unescape(line: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'\\', [b't', after @ ..]) => (b'\t', after),
            (b'\\', [b'r', after @ ..]) => (b'\r', after),
            (b'\\', [b'n', after @ ..]) => (b'\n', after),
            (b'\\', [b'x', after @ ..]) => {
                let (digits, after) = after.split_at_checked(2)?;
                (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, after)
            }
            (b'\\', [quoted, after @ ..]) => (*quoted, after),
            _ => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_read_as_they_were() {
        let all: Vec<_> = (0..=u8::MAX).collect();
        assert_eq!(unescape(&all.escape_ascii().to_string()), Some(all));
        assert_eq!(unescape("\\x0"), None, "cut short");
    }
}
