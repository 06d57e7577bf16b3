//! The units of CloudWatch, and the buckets of a histogram.

/// The units of CloudWatch, and the same units in UCUM.
const UNITS: [(&str, &str); 27] = [
    ("None", ""),
    ("Count", "1"),
    ("Seconds", "s"),
    ("Milliseconds", "ms"),
    ("Microseconds", "us"),
    ("Percent", "%"),
    ("Bytes", "By"),
    ("Kilobytes", "kBy"),
    ("Megabytes", "MBy"),
    ("Gigabytes", "GBy"),
    ("Terabytes", "TBy"),
    ("Bits", "bit"),
    ("Kilobits", "kbit"),
    ("Megabits", "Mbit"),
    ("Gigabits", "Gbit"),
    ("Terabits", "Tbit"),
    ("Count/Second", "1/s"),
    ("Bytes/Second", "By/s"),
    ("Kilobytes/Second", "kBy/s"),
    ("Megabytes/Second", "MBy/s"),
    ("Gigabytes/Second", "GBy/s"),
    ("Terabytes/Second", "TBy/s"),
    ("Bits/Second", "bit/s"),
    ("Kilobits/Second", "kbit/s"),
    ("Megabits/Second", "Mbit/s"),
    ("Gigabits/Second", "Gbit/s"),
    ("Terabits/Second", "Tbit/s"),
];

/// The bounds of buckets that OpenTelemetry recommends, for times in seconds and for anything else.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const BOUNDS: [f64; 15] =
    [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];

/// Returns `true` for the unit of a sum.
pub(super) fn is_count(unit: &str) -> bool {
    unit == "Count"
}

/// Returns a unit of CloudWatch in UCUM, and any other unit unchanged.
pub(super) fn ucum(unit: &str) -> &str {
    UNITS.iter().find(|(name, _)| *name == unit).map_or(unit, |(_, ucum)| ucum)
}

/// Returns the bounds of the buckets for a unit.
pub(super) fn bounds(unit: &str) -> &'static [f64] {
    if unit == "Seconds" { &SECONDS } else { &BOUNDS }
}
