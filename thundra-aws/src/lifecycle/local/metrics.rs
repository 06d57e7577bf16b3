//! The metrics of a local run, shown below the tree of its spans.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use thundra_core::export::{StandardStream, write_line};
use thundra_core::metrics::{HistogramData, Number, Point, PointData, PointsOf, write_points_with};
use thundra_core::{Config, Escaped};

/// The lines of the measurements so far.
static SHOWN: Mutex<String> = Mutex::new(String::new());

/// Shows the program's own metrics, unless the configuration says where metrics go.
pub(super) fn prepare(config: &Config) {
    if config.metrics_exporters.is_none() && !config.otlp_metrics() && !config.disabled {
        write_points_with(keep);
    }
}

/// Prints the metrics on standard error.
pub(super) fn print() {
    let shown = std::mem::take(&mut *SHOWN.lock().unwrap_or_else(PoisonError::into_inner));
    // A closed standard error leaves no place for a report.
    let _ = write_line(StandardStream::Error, shown.as_bytes());
}

fn keep(points: &PointsOf<'_>) {
    let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    for point in points.points.iter().filter(|point| !point.is_built_in()) {
        shown.push_str(&line(&point));
    }
}

/// Returns the line of a point, such as `metric orders 3 country=de`.
fn line(point: &Point<'_>) -> String {
    let value = match point.data() {
        PointData::Number(number) => text(number),
        PointData::Histogram(HistogramData { count, sum, min, max, .. }) => {
            format!("count={count} sum={sum} min={min} max={max}")
        }
        _ => return String::new(),
    };
    let mut line = format!("metric {} {value}", point.name());
    if !point.unit().is_empty() {
        let _ = write!(line, " {}", point.unit());
    }
    for (key, value) in point.attributes() {
        let _ = write!(line, " {key}={value}");
    }
    format!("{}\n", Escaped(&line))
}

fn text(number: Number) -> String {
    match number {
        Number::I64(value) => value.to_string(),
        Number::U64(value) => value.to_string(),
        Number::F64(value) => value.to_string(),
    }
}
