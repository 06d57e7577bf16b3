//! Reports on spans and log records for people: completeness of a trace, the tree, the lines, and the service map.

mod log;
mod map;
mod span;
mod tree;
mod whole;

pub use log::{LogRecord, logs};
pub use map::service_map;
pub use span::{Kind, Link, Span};
pub use tree::tree;
pub use whole::{Expected, problems};

use std::time::Duration;

/// Formats a duration with three significant digits and a unit.
fn short(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        _ if micros < 1e3 => format!("{micros:.0} µs"),
        _ if micros < 1e4 => format!("{:.2} ms", micros / 1e3),
        _ if micros < 1e5 => format!("{:.1} ms", micros / 1e3),
        _ if micros < 1e6 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits_and_a_unit() {
        let cases =
            [(830, "830 µs"), (1_234, "1.23 ms"), (45_678, "45.7 ms"), (456_789, "457 ms"), (2_345_678, "2.35 s")];
        for (micros, text) in cases {
            assert_eq!(short(Duration::from_micros(micros)), text);
        }
    }
}
