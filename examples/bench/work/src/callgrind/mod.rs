//! Instructions, locked instructions and allocations, counted by `valgrind --tool=callgrind`.
//!
//! Unlike a time, a count is the same in every run on every machine of a kind, at any load. The kernel's work is not
//! counted, and the clock is read by a system call, because valgrind hides the vDSO.
//!
//! The cost of a unit of work is the difference of two runs of different lengths, so the start-up cancels out.

mod locked;
mod profile;

use std::io;
use std::ops::Sub;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use profile::Profile;

use crate::valgrind::{self, Variables};

/// The counts of a program from start to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Instructions in user mode.
    pub instructions: u64,
    /// The instructions that lock the bus: with a `lock` prefix, or `xchg` with memory. `None` on machines other than
    /// x86-64.
    pub locked: Option<u64>,
    /// Calls of `malloc` and similar functions.
    pub allocations: u64,
}

impl Sub for Counts {
    type Output = Counts;

    fn sub(self, other: Counts) -> Counts {
        let locked = self.locked.zip(other.locked).map(|(all, some)| all.saturating_sub(some));
        Counts {
            instructions: self.instructions.saturating_sub(other.instructions),
            locked,
            allocations: self.allocations.saturating_sub(other.allocations),
        }
    }
}

/// Runs a program under callgrind, with `PATH` and `variables` alone in the environment, and counts.
///
/// Locked instructions belong to the program and the crates linked into the binary. The C library is left out, because
/// the allocator takes locks depending on the addresses of blocks.
///
/// # Errors
///
/// If `valgrind` or `objdump` is missing, or the program fails.
pub fn count(program: &Path, args: &[&str], variables: Variables<'_>) -> io::Result<Counts> {
    let program = program.canonicalize()?;
    // Another thread may count the same work.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let run = NEXT.fetch_add(1, Ordering::Relaxed);
    // The file lies beside the program, and so under `target`.
    let file = program.with_file_name(format!("callgrind.{}.{run}.{}", std::process::id(), args.join("-")));
    let out_file = format!("--callgrind-out-file={}", file.display());
    // Names in the form of the symbol table, and full positions, so that nothing needs decompressing.
    let plain = ["--compress-strings=no", "--compress-pos=no", "--demangle=no", "--dump-instr=yes", "--dump-line=no"];
    valgrind::run("callgrind", &[&plain[..], &[out_file.as_str()]].concat(), &program, args, variables)?;
    let text = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    let path = program.to_string_lossy();
    let profile = Profile::parse(&text, &path);
    let locked = if cfg!(target_arch = "x86_64") { Some(locked::count(&profile, &path)?) } else { None };
    Ok(Counts { instructions: profile.instructions, locked, allocations: profile.allocations })
}
