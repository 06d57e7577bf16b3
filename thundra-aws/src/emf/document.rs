//! Documents of the [embedded metric format]: a line of JSON with metrics, their dimensions, and metadata.
//!
//! A document holds at most 100 metrics, 100 values of each metric, and 256 KiB, the limits of CloudWatch. Further
//! metrics and values go into further documents with the same dimensions and metadata.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::borrow::Cow;
use std::io::Write as _;
use std::ops::Range;

/// The most metrics of a document.
const MAX_METRICS: usize = 100;

/// The most values of a metric in a document.
const MAX_VALUES: usize = 100;

/// The longest document. CloudWatch Logs takes events of 1 MiB since 2025. The specification of the format, and the
/// tools for log groups, have kept the earlier limit.
const MAX_BYTES: usize = 256 * 1024;

/// The bytes of a document around its parts: names of members, brackets and the time.
const FRAME_BYTES: usize = 256;

/// The parts shared by all metrics of a document.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) namespace: &'a str,
    /// The time in milliseconds since 1970.
    pub(super) timestamp_ms: u64,
    /// The keys and values of the dimension set.
    pub(super) dimensions: &'a [(&'a str, String)],
    /// Further members of the document, each after a comma.
    pub(super) metadata: &'a [u8],
}

/// A metric with its values.
#[derive(Clone, Debug)]
pub(super) struct Metric<'a> {
    /// A name different from all dimensions and other members of the document.
    pub(super) name: Cow<'a, str>,
    pub(super) unit: Option<&'static str>,
    /// `true` for a resolution of one second.
    pub(super) is_high_resolution: bool,
    pub(super) values: Values,
}

/// The values of a metric: finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// The sum of a counter, or the last value of a gauge.
    One(f64),
    /// The values of a histogram.
    Several(Vec<f64>),
    /// The values of a histogram, each with the number of its measurements: the compact form of many measurements, also
    /// written by the libraries of AWS.
    Counted(Vec<(f64, u64)>),
}

impl Values {
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        match self {
            Values::One(_) => 1,
            Values::Several(values) => values.len(),
            Values::Counted(values) => values.len(),
        }
    }

    /// Writes the values in a range.
    fn write(&self, range: Range<usize>, out: &mut Vec<u8>) {
        match self {
            Values::One(value) => number(out, *value),
            Values::Several(values) => {
                list(out, values.get(range).unwrap_or_default().iter(), |out, value| number(out, *value))
            }
            Values::Counted(values) => {
                let values = values.get(range).unwrap_or_default();
                out.extend_from_slice(br#"{"Values":"#);
                list(out, values.iter(), |out, (value, _)| number(out, *value));
                out.extend_from_slice(br#","Counts":"#);
                list(out, values.iter(), |out, (_, count)| {
                    let _ = write!(out, "{count}");
                });
                out.push(b'}');
            }
        }
    }
}

/// Writes metrics as documents, each with a line break. A metric without values is not written.
pub(super) fn write(head: &Head<'_>, metrics: &[Metric<'_>], mut line: impl FnMut(&[u8])) {
    // The metrics with values that are not written, and where these begin.
    let mut rest: Vec<_> =
        metrics.iter().map(|metric| (metric, 0)).filter(|(metric, _)| !metric.values.is_empty()).collect();
    let mut document = Document::default();
    while !rest.is_empty() {
        let mut later = Vec::new();
        for (metric, start) in rest {
            let end = metric.values.len().min(start + MAX_VALUES);
            if !document.add(head, metric, start..end) {
                later.push((metric, start));
            } else if end < metric.values.len() {
                later.push((metric, end));
            }
        }
        line(document.finish(head));
        document.clear();
        rest = later;
    }
}

/// A document under construction.
#[derive(Default)]
struct Document<'a> {
    /// The names of the metrics so far.
    names: Vec<&'a str>,
    /// The elements of `Metrics`.
    definitions: Vec<u8>,
    /// The members with values.
    values: Vec<u8>,
    whole: Vec<u8>,
}

impl<'a> Document<'a> {
    /// Adds a metric. Returns `false`, and adds nothing, if the metric needs another document: the document is full, or
    /// already has values under the name.
    fn add(&mut self, head: &Head<'_>, metric: &'a Metric<'_>, range: Range<usize>) -> bool {
        let name = &*metric.name;
        if self.names.len() >= MAX_METRICS || self.names.contains(&name) {
            return false;
        }
        let before = (self.definitions.len(), self.values.len());
        self.define(metric);
        self.values.push(b',');
        string(&mut self.values, name);
        self.values.push(b':');
        metric.values.write(range, &mut self.values);
        let dimensions: usize =
            head.dimensions.iter().map(|(key, value)| 2 * escaped_len(key) + escaped_len(value)).sum();
        let fixed = FRAME_BYTES + head.namespace.len() + dimensions + head.metadata.len();
        // The first metric fits: its parts are bounded, as are those of the head.
        if !self.names.is_empty() && fixed + self.definitions.len() + self.values.len() > MAX_BYTES {
            self.definitions.truncate(before.0);
            self.values.truncate(before.1);
            return false;
        }
        self.names.push(name);
        true
    }

    fn define(&mut self, metric: &Metric<'_>) {
        let out = &mut self.definitions;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"Name":"#);
        string(out, &metric.name);
        if let Some(unit) = metric.unit {
            out.extend_from_slice(br#","Unit":"#);
            string(out, unit);
        }
        if metric.is_high_resolution {
            out.extend_from_slice(br#","StorageResolution":1"#);
        }
        out.push(b'}');
    }

    /// Returns the whole document.
    fn finish(&mut self, head: &Head<'_>) -> &[u8] {
        let out = &mut self.whole;
        out.clear();
        // Writing to memory does not fail.
        let _ = write!(out, r#"{{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"#, head.timestamp_ms);
        string(out, head.namespace);
        out.extend_from_slice(br#","Dimensions":["#);
        list(out, head.dimensions.iter(), |out, (key, _)| string(out, key));
        out.extend_from_slice(br#"],"Metrics":["#);
        out.extend_from_slice(&self.definitions);
        out.extend_from_slice(b"]}]}");
        for (key, value) in head.dimensions {
            out.push(b',');
            string(out, key);
            out.push(b':');
            string(out, value);
        }
        out.extend_from_slice(head.metadata);
        out.extend_from_slice(&self.values);
        out.extend_from_slice(b"}\n");
        out
    }

    fn clear(&mut self) {
        self.names.clear();
        self.definitions.clear();
        self.values.clear();
    }
}

/// Writes elements in brackets.
fn list<T>(out: &mut Vec<u8>, elements: impl Iterator<Item = T>, mut element: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, value) in elements.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        element(out, value);
    }
    out.push(b']');
}

/// Writes a text in quotes. Names are plain ASCII.
fn string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes a finite number, a whole one without a fraction.
fn number(out: &mut Vec<u8>, value: f64) {
    /// The limit up to which whole numbers are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let _ = match value.fract() == 0.0 && value.abs() <= EXACT {
        true => write!(out, "{}", value as i64),
        false => serde_json::to_writer(out, &value).map_err(Into::into),
    };
}

/// Returns the most bytes of a plain ASCII text in JSON, with quotes and a comma.
fn escaped_len(text: &str) -> usize {
    2 * text.len() + 4
}
