//! The executed instructions that lock the bus, as disassembled by `objdump`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::profile::{Profile, hex};
use crate::valgrind;

/// The disassembly of a program, with the addresses before loading.
struct Code {
    /// The addresses of locking instructions.
    locking: HashSet<u64>,
    symbols: HashMap<String, u64>,
}

/// Returns the number of executed locking instructions of the program itself.
pub(super) fn count(profile: &Profile, program: &str) -> io::Result<u64> {
    let code = Code::of(program)?;
    let bias = bias(&profile.functions, &code.symbols)
        .ok_or_else(|| io::Error::other(format!("{program} has no symbols to find its instructions by")))?;
    let locks = |at: &u64| code.locking.contains(&at.wrapping_sub(bias));
    Ok(profile.executed.iter().filter(|(at, _)| locks(at)).map(|(_, times)| times).sum())
}

/// Returns the offset between the addresses of the profile and of the program, by a majority of the called functions.
fn bias(functions: &HashMap<String, u64>, symbols: &HashMap<String, u64>) -> Option<u64> {
    let mut votes: HashMap<u64, u32> = HashMap::new();
    for (name, entry) in functions {
        if let Some(symbol) = symbols.get(name) {
            *votes.entry(entry.wrapping_sub(*symbol)).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|(_, count)| *count).map(|(bias, _)| bias)
}

impl Code {
    /// Disassembles a program, once per process, because `objdump` takes a second.
    fn of(program: &str) -> io::Result<Arc<Code>> {
        static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Code>>>> = LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known.get(program) {
            return Ok(code.clone());
        }
        let code = Arc::new(Code::read(program)?);
        known.insert(program.to_owned(), code.clone());
        Ok(code)
    }

    fn read(program: &str) -> io::Result<Code> {
        let objdump = |options: &[&str]| {
            let output = valgrind::finished(Command::new("objdump").args(options).arg(program))?;
            Ok::<_, io::Error>(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        Ok(Code {
            locking: objdump(&["--disassemble", "--no-show-raw-insn"])?.lines().filter_map(locking).collect(),
            symbols: objdump(&["--syms"])?.lines().filter_map(symbol).collect(),
        })
    }
}

/// Returns the address of a locking instruction: `  1a2b:\tlock cmpxchg %rcx,(%rdx)`.
fn locking(line: &str) -> Option<u64> {
    let (at, instruction) = line.trim_start().split_once(":\t")?;
    let (mnemonic, operands) = instruction.split_once(' ')?;
    // With memory, `xchg` always locks; with a register alone, `xchg` is often a no-op.
    (mnemonic == "lock" || (mnemonic == "xchg" && operands.contains('('))).then(|| hex(at))?
}

/// Returns the name and address of a function in a symbol table: `{address} l F .text {size} {name}`.
fn symbol(line: &str) -> Option<(String, u64)> {
    let mut words = line.split_whitespace();
    let address = hex(words.next()?)?;
    line.contains(" .text").then(|| words.next_back().map(|name| (name.to_owned(), address)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_with_memory_locks() {
        for (line, found) in [
            ("   1a2b:\tlock cmpxchg %rcx,(%rdx)", Some(0x1a2b)),
            ("   1a2b:\txchg   %al,0x10(%rdi)", Some(0x1a2b)),
            ("   1a2b:\txchg   %ax,%ax", None),
            ("   1a2b:\tmov    %al,0x10(%rdi)", None),
            ("0000000000001a2b <lock>:", None),
        ] {
            assert_eq!(locking(line), found, "{line}");
        }
    }

    #[test]
    fn symbols_are_those_of_functions() {
        let line = "00000000000000a0 l     F .text\t00000000000001e2              _RNvCs1_4main";
        assert_eq!(symbol(line), Some(("_RNvCs1_4main".to_owned(), 0xa0)));
        assert_eq!(symbol("0000000000000000 l    df *ABS*\t0000000000000000 a.rs"), None);
    }
}
