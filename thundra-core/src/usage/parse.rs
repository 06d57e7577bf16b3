//! The texts of `/proc/self`. Any bytes are accepted. An invalid number counts as missing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use memchr::{memchr, memmem};

/// The unit of times in `stat`: Linux has 100 ticks a second for programs, on every processor.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The interfaces left out of the count: loopback, and the interface to the Runtime API.
const UNCOUNTED: [&[u8]; 2] = [b"lo", b"vint_runtime"];

/// The incoming and outgoing bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// The bytes read, or received.
    pub incoming: u64,
    /// The bytes written, or sent.
    pub outgoing: u64,
}

impl Transfer {
    /// Returns the bytes since an earlier count. The bytes of a removed interface are missing from the later count.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Transfer {
            incoming: self.incoming.saturating_sub(earlier.incoming),
            outgoing: self.outgoing.saturating_sub(earlier.outgoing),
        }
    }
}

/// The times in `/proc/self/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticks {
    pub(super) user: Duration,
    pub(super) system: Duration,
    pub(super) threads: u64,
    /// The start of the process, after the start of the system.
    pub(super) started: Duration,
}

/// Parses `/proc/self/stat`. The name of the program, in parentheses, may hold any byte.
pub(super) fn stat(text: &[u8]) -> Option<Ticks> {
    let name_end = text.iter().rposition(|byte| *byte == b')')?;
    let mut numbers = words(text.get(name_end + 1..)?).map(number);
    // The first word after the name is field 3, the state.
    let (user, system) = (numbers.nth(14 - 3)??, numbers.next()??);
    let threads = numbers.nth(20 - 16)??;
    let started = numbers.nth(22 - 21)??;
    Some(Ticks { user: ticks(user), system: ticks(system), threads, started: ticks(started) })
}

fn ticks(number: u64) -> Duration {
    Duration::from_millis(number.saturating_mul(TICK.as_millis() as u64))
}

/// Parses `/proc/uptime`: seconds since the start of the system, with two decimals, then another number.
pub(super) fn uptime(text: &[u8]) -> Option<Duration> {
    let mut parts = words(text).next()?.split(|byte| *byte == b'.');
    let (seconds, hundredths) = (number(parts.next()?)?, parts.next()?);
    let hundredths = number(hundredths).filter(|_| hundredths.len() == 2)?;
    Duration::from_secs(seconds).checked_add(ticks(hundredths))
}

/// The label of a line, after the end of the line before: `\nVmHWM:`. The first line has no label.
///
/// The kernel writes the same lines in the same order, so a line is nearly always where it was at the last reading.
pub(super) struct Label {
    text: &'static [u8],
    last: AtomicUsize,
}

impl Label {
    pub(super) const fn new(text: &'static [u8]) -> Self {
        Label { text, last: AtomicUsize::new(0) }
    }

    /// Returns the number of a complete line `label: number …`.
    pub(super) fn number(&self, text: &[u8]) -> Option<u64> {
        // Relaxed: any place will do, because the place is checked.
        let last = self.last.load(Ordering::Relaxed);
        let after = match text.get(last..).and_then(|rest| rest.strip_prefix(self.text)) {
            Some(after) => after,
            None => {
                let at = memmem::find(text, self.text)?;
                self.last.store(at, Ordering::Relaxed);
                text.get(at + self.text.len()..)?
            }
        };
        let line = after.get(..memchr(b'\n', after)?)?;
        words(line).next().and_then(number)
    }

    /// Returns the bytes of a line such as `VmHWM:     1748 kB`.
    pub(super) fn kibibytes(&self, text: &[u8]) -> Option<u64> {
        self.number(text).map(|kibibytes| kibibytes.saturating_mul(1024))
    }
}

static READ: Label = Label::new(b"\nread_bytes:");
static WRITTEN: Label = Label::new(b"\nwrite_bytes:");

/// Parses `/proc/self/io`.
pub(super) fn disk(text: &[u8]) -> Option<Transfer> {
    Some(Transfer { incoming: READ.number(text)?, outgoing: WRITTEN.number(text)? })
}

/// Sums the interfaces of `/proc/self/net/dev`. The first two lines are the head of the table.
pub(super) fn network(text: &[u8]) -> Transfer {
    let mut sum = Transfer::default();
    let mut rest = text;
    while let Some(end) = memchr(b'\n', rest) {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        // No line of the head has a colon.
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, numbers) = line.split_at(colon);
        if UNCOUNTED.contains(&name.trim_ascii()) {
            continue;
        }
        let mut words = words(numbers.get(1..).unwrap_or_default());
        let (received, sent) = (words.next().and_then(number), words.nth(8 - 1).and_then(number));
        if let (Some(received), Some(sent)) = (received, sent) {
            sum.incoming = sum.incoming.saturating_add(received);
            sum.outgoing = sum.outgoing.saturating_add(sent);
        }
    }
    sum
}

/// Returns the runs of bytes between blanks, tabs and other control characters.
fn words(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let start = text.iter().position(|byte| *byte > b' ')?;
        text = text.get(start..)?;
        let end = text.iter().position(|byte| *byte <= b' ').unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        text = rest;
        Some(word)
    })
}

/// Returns the value of decimal digits, and of nothing else.
fn number(word: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let add = |sum: u64, byte: &u8| sum.checked_mul(10)?.checked_add(digit(byte)?);
    (!word.is_empty()).then(|| word.iter().try_fold(0, add))?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kibibytes_of(text: &str, label: &'static str) -> Option<u64> {
        Label::new(label.as_bytes()).kibibytes(text.as_bytes())
    }

    const STAT: &str = "7 (a) R (b) S 1 7 7 0 -1 4194304 99 0 0 0 250 31 0 0 20 0 3 0 3882036 3133440 394 1 2";

    #[test]
    fn the_times_of_the_process_are_read() {
        let times = Ticks {
            user: Duration::from_millis(2_500),
            system: Duration::from_millis(310),
            threads: 3,
            started: Duration::from_millis(38_820_360),
        };
        for (text, expected, why) in [
            (STAT, Some(times), "a name with parentheses and blanks"),
            ("", None, "nothing"),
            ("7 (a) S 1 7 7 0 -1 4194304 99 0 0 0 250", None, "too short"),
            (&STAT.replace("250", "x"), None, "no number"),
            (&STAT.replace(')', ""), None, "no name"),
        ] {
            assert_eq!(stat(text.as_bytes()), expected, "{why}");
        }
        for (text, millis, why) in [
            ("38821.07 70000.00\n", Some(38_821_070), "as Linux writes it"),
            ("38821 70000\n", None, "without decimals"),
            ("38821.7 1.0\n", None, "another resolution"),
            ("99999999999999999999.00 1.0", None, "too large"),
            ("18446744073709551615.99 1.0", Some(u64::MAX as u128 * 1000 + 990), "the longest time"),
        ] {
            assert_eq!(uptime(text.as_bytes()).map(|up| up.as_millis()), millis, "{why}");
        }
    }

    #[test]
    fn memory_and_bytes_are_read() {
        let status = "Name:\tVmHWM: 9 kB\nVmPeak:\t    3060 kB\nVmHWM:\t    1748 kB\nVmRSS:\tmany kB\n";
        assert_eq!(kibibytes_of(status, "\nVmHWM:"), Some(1748 * 1024));
        assert_eq!(kibibytes_of(status, "\nVmRSS:"), None, "no number");
        assert_eq!(kibibytes_of(status, "\nVmSwap:"), None, "no such line");
        let io = "rchar: 7300\nwchar: 324\nread_bytes: 12\nwrite_bytes: 4096\ncancelled_write_bytes: 1\n";
        assert_eq!(kibibytes_of("Name:\ta\nVmHWM:\t    174", "\nVmHWM:"), None, "a cut line");
        assert_eq!(disk(io.as_bytes()), Some(Transfer { incoming: 12, outgoing: 4096 }));
        assert_eq!(disk(b"rchar: 1\nread_bytes: 12\n"), None, "half of it");
    }

    #[test]
    fn a_line_is_found_wherever_it_has_moved() {
        let peak = Label::new(b"\nVmHWM:");
        for (text, expected, why) in [
            ("Name:\ta\nVmHWM:\t1 kB\n", Some(1), "the first reading"),
            ("Name:\ta\nVmHWM:\t23 kB\n", Some(23), "the same place"),
            ("Name:\tabc\nVmHWM:\t4 kB\n", Some(4), "a later place"),
            ("\nVmHWM:\t5 kB\nVmRSS:\t6 kB\n", Some(5), "an earlier place"),
            ("Name:\ta\n", None, "no place"),
            ("", None, "an empty text"),
            ("Name:\ta\nVmHWM:\t7 kB\n", Some(7), "back again"),
        ] {
            assert_eq!(peak.number(text.as_bytes()), expected, "{why}");
        }
    }

    #[test]
    fn the_interfaces_that_lead_outside_are_summed() {
        let row = |name: &str, received: &str, sent: &str| format!("{name:>6}:{received} 1 0 0 0 0 0 0 {sent} 1 0 0\n");
        let head = "Inter-|   Receive |  Transmit\n face |bytes    packets|bytes    packets\n";
        for (rows, expected, why) in [
            (String::new(), (0, 0), "no interface"),
            (row("lo", "   5", "5"), (0, 0), "loopback"),
            (row("vint_runtime", " 5", "5"), (0, 0), "the Runtime API"),
            (row("vinternal_1", " 70", "30") + &row("lo", " 5", "5"), (70, 30), "Lambda"),
            (row("eth0", "1", "2") + &row("eth1", " 10", "20"), (11, 22), "several, one without a blank"),
            ("eth0: 7 1 0\n".to_owned() + &row("eth1", " 10", "20"), (10, 20), "an incomplete row"),
            (row("a", " 18446744073709551615", "1") + &row("b", " 9", "1"), (u64::MAX, 2), "over the range"),
            (row("a", " 18446744073709551616", "1"), (0, 0), "no number of the range"),
        ] {
            let Transfer { incoming, outgoing } = network((head.to_owned() + &rows).as_bytes());
            assert_eq!((incoming, outgoing), expected, "{why}");
        }
        let (more, less) = (Transfer { incoming: 9, outgoing: 9 }, Transfer { incoming: 4, outgoing: 12 });
        assert_eq!(more.since(less), Transfer { incoming: 5, outgoing: 0 }, "an interface is gone");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..100) {
            let mut text = STAT.as_bytes().to_vec();
            let at = at.min(text.len());
            text.splice(at..at, bytes.iter().copied());
            for text in [bytes.as_slice(), &text] {
                stat(text);
                uptime(text);
                Label::new(b"\nVmHWM:").kibibytes(text);
                disk(text);
                network(text);
            }
        }
    }
}
