//! The heap of a program, as `valgrind --tool=dhat` counts requested bytes. The count is the same in every run.

use std::io;
use std::path::Path;

use crate::valgrind;

/// The bytes of a program's heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// The bytes at the peak.
    pub peak_bytes: u64,
    /// The bytes at the end.
    pub end_bytes: u64,
}

/// Runs a program under dhat, with `PATH` alone in the environment.
///
/// # Errors
///
/// If `valgrind` is missing, or the program fails.
pub fn heap(program: &Path, args: &[&str]) -> io::Result<Heap> {
    let output = valgrind::run("dhat", &["--dhat-out-file=/dev/null"], program, args, &[])?;
    let said = String::from_utf8_lossy(&output.stderr);
    let bytes = |when| bytes(&said, when).ok_or_else(|| io::Error::other(format!("dhat did not say {when}:\n{said}")));
    Ok(Heap { peak_bytes: bytes("At t-gmax:")?, end_bytes: bytes("At t-end:")? })
}

/// Parses the bytes of a line such as `==1== At t-gmax: 1,234 bytes in 5 blocks`.
fn bytes(said: &str, when: &str) -> Option<u64> {
    let (_, number) = said.lines().find_map(|line| line.split_once(when))?;
    number.split_whitespace().next()?.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read() {
        let said = "==1== Total:     9,999 bytes in 7 blocks\n==1== At t-gmax: 1,234 bytes in 5 blocks\n";
        assert_eq!((bytes(said, "At t-gmax:"), bytes(said, "At t-end:")), (Some(1_234), None));
    }
}
