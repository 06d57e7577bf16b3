//! The account of a scenario.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;

use base64::Engine;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use thundra_core::export::LossReason;
use thundra_core::semconv;

use crate::process::Report;

/// The spans received by a collector, or by the reader of a pipe.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Each span; `true` if an arrival had a readable response.
    confirmed: HashMap<u64, bool>,
    arrived: Arrived,
}

/// The sums of a ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    spans: u64,
    /// The spans on standard output that no collector took.
    spilled: u64,
    lost: u64,
    /// The parts of `lost`, by the name of the reason.
    reasons: BTreeMap<String, u64>,
    dropped: u64,
    incomplete: u64,
    /// Arrivals of spans whose earlier arrival had a readable response.
    needless: u64,
}

impl Ledger {
    /// Adds the spans of a request, without the first `refused` spans.
    pub(crate) fn add(&mut self, request: &ExportTraceServiceRequest, refused: usize, confirmed: bool) {
        for span in spans(request).skip(refused) {
            let id = u64::from_be_bytes(span.span_id.as_slice().try_into().unwrap());
            self.arrive(id, confirmed, |key| integer(span, key));
        }
    }

    /// Adds a line of the stdout exporter.
    fn add_line(&mut self, line: &[u8]) {
        let Some(request) = opened(line) else { return };
        self.add(&ExportTraceServiceRequest::decode(request.as_slice()).unwrap(), 0, true);
    }

    /// Adds a line of the console exporter's tree. Each span of a program has a number in the tree.
    fn add_branch(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let value = |key: &str| {
            let value = |word: &str| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok();
            text.split_whitespace().find_map(value)
        };
        if let Some(number) = value("number") {
            self.arrive(number, true, |key| value(key).unwrap_or_default());
        }
    }

    fn arrive(&mut self, id: u64, confirmed: bool, value: impl Fn(&str) -> u64) {
        let arrived = &mut self.arrived;
        match self.confirmed.entry(id) {
            Entry::Occupied(mut known) => {
                arrived.needless += u64::from(*known.get());
                *known.get_mut() |= confirmed;
            }
            Entry::Vacant(new) => {
                new.insert(confirmed);
                arrived.spans += 1;
                let lost = value(semconv::THUNDRA_LOST_SPANS);
                arrived.lost += lost;
                for reason in LossReason::ALL.iter().map(|reason| reason.name()).filter(|_| lost > 0) {
                    let part = value(&format!("{}.{reason}", semconv::THUNDRA_LOST_SPANS));
                    if part > 0 {
                        *arrived.reasons.entry(reason.to_owned()).or_default() += part;
                    }
                }
                arrived.dropped += value(semconv::THUNDRA_DROPPED_SPANS);
                arrived.incomplete += value(semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES);
            }
        }
    }

    pub(crate) fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

/// The exporter behind a pipe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written {
    Lines,
    Trees,
}

impl Arrived {
    /// Returns the number of spans.
    pub(crate) fn spans(&self) -> u64 {
        self.spans
    }

    /// Adds the spans on standard output in place of the collector.
    pub(crate) fn and_spilled(mut self, spilled: Arrived) -> Self {
        self.spilled += spilled.spans;
        self.lost += spilled.lost;
        self.dropped += spilled.dropped;
        self.incomplete += spilled.incomplete;
        self.needless += spilled.needless;
        spilled.reasons.into_iter().for_each(|(reason, count)| *self.reasons.entry(reason).or_default() += count);
        self
    }

    /// Reads whole lines. A broken line arrived nowhere.
    pub(crate) fn through(pipe: &[u8], written: Written) -> Self {
        let mut ledger = Ledger::default();
        for line in pipe.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            match written {
                Written::Lines => ledger.add_line(line),
                Written::Trees => ledger.add_branch(line),
            }
        }
        ledger.arrived
    }
}

/// Returns the request in a line of the stdout exporter.
fn opened(line: &[u8]) -> Option<Vec<u8>> {
    let envelope: serde_json::Value = serde_json::from_slice(line).ok()?;
    let payload = envelope["payload"].as_str().unwrap();
    Some(unpack(&base64::engine::general_purpose::STANDARD.decode(payload).unwrap()))
}

/// Returns the requests in the lines of the stdout exporter.
pub(crate) fn unpacked(pipe: &[u8]) -> Vec<Vec<u8>> {
    pipe.split(|byte| *byte == b'\n').filter_map(opened).collect()
}

/// Returns the spans in each line of the stdout exporter.
pub(crate) fn lines(pipe: &[u8]) -> impl Iterator<Item = Vec<Span>> {
    unpacked(pipe).into_iter().map(|request| {
        let request = ExportTraceServiceRequest::decode(request.as_slice()).unwrap();
        spans(&request).cloned().collect()
    })
}

/// The spans of a request.
fn spans(request: &ExportTraceServiceRequest) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
}

/// Unpacks gzip.
pub(crate) fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).unwrap();
    plain
}

fn integer(span: &Span, key: &str) -> u64 {
    let value = span.attributes.iter().find(|attribute| attribute.key == key);
    match value.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::IntValue(value)) => *value as u64,
        _ => 0,
    }
}

/// A row of the table in the message of a failure.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) made: u64,
    pub(crate) arrived: u64,
    /// Spans on standard output, which the collector did not take.
    pub(crate) spilled: u64,
    pub(crate) lost: u64,
    /// The parts of `lost`.
    pub(crate) reasons: Vec<(String, u64)>,
    pub(crate) dropped: u64,
    /// Spans that wait for the next flush of a living program.
    pub(crate) waiting: u64,
    /// Spans that the last line of an ended program names.
    pub(crate) named: u64,
    pub(crate) needless_repeats: u64,
    pub(crate) incomplete: (u64, u64),
}

impl Account {
    pub(crate) fn new(report: &Report, arrived: Arrived, named: u64) -> Self {
        Account {
            made: report.made,
            arrived: arrived.spans,
            spilled: arrived.spilled,
            lost: arrived.lost,
            reasons: arrived.reasons.into_iter().collect(),
            dropped: arrived.dropped,
            waiting: report.waiting,
            named,
            needless_repeats: arrived.needless,
            incomplete: (report.incomplete, arrived.incomplete),
        }
    }

    /// Returns the number of spans with an explanation.
    fn explained(&self) -> u64 {
        self.arrived + self.spilled + self.lost + self.dropped + self.waiting + self.named
    }

    /// Returns the sum of the reasons.
    fn by_reason(&self) -> u64 {
        self.reasons.iter().map(|(_, count)| count).sum()
    }

    /// Spans without an explanation; negative after double explanations.
    pub(crate) fn missing(&self) -> i128 {
        i128::from(self.made) - i128::from(self.explained())
    }

    pub(crate) fn is_balanced(&self) -> bool {
        self.made == self.explained()
            && self.lost == self.by_reason()
            && self.needless_repeats == 0
            && self.incomplete.0 == self.incomplete.1
    }

    /// Fails the scenario unless each span is explained once.
    #[track_caller]
    pub(crate) fn check(&self) {
        assert!(self.is_balanced(), "the account does not balance:\n{self}");
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: [(&str, i128); 12] = [
            ("made", self.made.into()),
            ("arrived", self.arrived.into()),
            ("spilled", self.spilled.into()),
            ("lost_spans", self.lost.into()),
            ("by reason", self.by_reason().into()),
            ("dropped_spans", self.dropped.into()),
            ("waiting", self.waiting.into()),
            ("named at exit", self.named.into()),
            ("MISSING", self.missing()),
            ("sent again", self.needless_repeats.into()),
            ("incomplete made", self.incomplete.0.into()),
            ("incomplete counted", self.incomplete.1.into()),
        ];
        columns.iter().try_for_each(|(name, _)| write!(f, "{name:>19}"))?;
        writeln!(f)?;
        columns.iter().try_for_each(|(_, value)| write!(f, "{value:>19}"))?;
        self.reasons.iter().try_for_each(|(reason, count)| write!(f, "\n{reason}: {count}"))
    }
}
