//! [Callgrind's output][callgrind writes], with full names and positions.
//!
//! [callgrind writes]: https://valgrind.org/docs/manual/cl-format.html

use std::collections::HashMap;

const ALLOCATORS: [&str; 6] = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"];

/// The executed instructions.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) instructions: u64,
    pub(super) allocations: u64,
    /// The number of executions of each instruction of the program itself, by address in memory.
    pub(super) executed: Vec<(u64, u64)>,
    /// The called functions of the program, with addresses.
    pub(super) functions: HashMap<String, u64>,
}

impl Profile {
    /// Reads a profile of the program at the path `program`. Other files are libraries.
    pub(super) fn parse(text: &str, program: &str) -> Self {
        let mut profile = Profile::default();
        let (mut file, mut called_file, mut called) = ("", None, "");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(path) = line.strip_prefix("ob=") {
                file = path;
            } else if let Some(path) = line.strip_prefix("cob=") {
                called_file = Some(path);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = name;
            } else if let Some(call) = line.strip_prefix("calls=") {
                profile.call(called, call, called_file.take().unwrap_or(file) == program);
                // The next line is the cost of the callee, which the callee's own lines count.
                lines.next();
            } else if let Some((at, times)) = line.strip_prefix("0x").and_then(cost) {
                profile.instructions += times;
                if file == program {
                    profile.executed.push((at, times));
                }
            }
        }
        profile
    }

    /// Reads a call, as in `calls={times} 0x{entry}`.
    fn call(&mut self, function: &str, call: &str, own: bool) {
        let Some((times, entry)) = call.split_once(' ') else { return };
        // callgrind gives a recursive function a second name.
        let function = function.split_once('\'').map_or(function, |(name, _)| name);
        if ALLOCATORS.contains(&function) {
            self.allocations += times.parse::<u64>().unwrap_or(0);
        }
        if own && let Some(entry) = entry.trim_end().strip_prefix("0x").and_then(hex) {
            self.functions.insert(function.to_owned(), entry);
        }
    }
}

/// Reads `{address} {count}`, the address without `0x`.
fn cost(line: &str) -> Option<(u64, u64)> {
    let (at, times) = line.split_once(' ')?;
    Some((hex(at)?, times.parse().ok()?))
}

pub(super) fn hex(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_its_callee() {
        let text = "events: Ir\n\nob=/bin/a\nfl=a.rs\nfn=main\n0x1000 3\ncob=/lib/c\ncfn=malloc'2\ncalls=2 0x5000 \n\
                    0x1004 90\n0x1008 2\ncfn=main\ncalls=1 0x1000 \n0x1008 5\n\nob=/lib/c\nfn=malloc\n0x5000 90\n";
        let profile = Profile::parse(text, "/bin/a");
        assert_eq!((profile.instructions, profile.allocations), (95, 2));
        assert_eq!(profile.executed, [(0x1000, 3), (0x1008, 2)]);
        assert_eq!(profile.functions, HashMap::from([("main".to_owned(), 0x1000)]));
    }
}
