//! OTLP requests, as read by a collector in a test.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::Recorded;
use crate::otlp::from_json;
use crate::otlp::read::{attribute, field_ranges, fields};
use crate::{Records, Signal, SpanKind, Value, semconv};

/// The longest request after decompression.
const MAX_BYTES: u64 = 256 << 20;

/// The form of a request.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestForm {
    /// `true` for JSON, `false` for protobuf.
    pub is_json: bool,
    /// `true` for gzip.
    pub is_gzip: bool,
}

impl Recorded {
    /// Reads a request. Log records, and spans of kind server or consumer, get the `service.name` of the sending
    /// program.
    ///
    /// # Errors
    ///
    /// The body is not of this form.
    #[doc(hidden)]
    pub fn of_request(signal: Signal, form: RequestForm, body: &[u8]) -> Result<Recorded, String> {
        let mut unpacked = Vec::new();
        let mut body = body;
        if form.is_gzip {
            let mut decoder = MultiGzDecoder::new(body).take(MAX_BYTES);
            decoder.read_to_end(&mut unpacked).map_err(|error| format!("the body is not gzip: {error}"))?;
            body = &unpacked;
        }
        let protobuf = if form.is_json { from_json::request(signal, body) } else { Some(body.to_vec()) };
        let protobuf = protobuf.ok_or("the body is not a JSON object")?;
        let read: usize = field_ranges(&protobuf).map(|(range, _)| range.len()).sum();
        if read != protobuf.len() {
            return Err(format!("the body is not protobuf: byte {read} of {} begins no field", protobuf.len()));
        }
        let mut recorded = Recorded::default();
        for of_resource in fields(&protobuf).filter(|field| field.number == 1) {
            recorded.add_resource(signal, of_resource.bytes().unwrap_or_default());
        }
        Ok(recorded)
    }

    /// Adds the records of a resource.
    fn add_resource(&mut self, signal: Signal, of_resource: &[u8]) {
        let part = |number| fields(of_resource).filter(move |field| field.number == number);
        let attributes = part(1).filter_map(|resource| Some(fields(resource.bytes()?))).flatten();
        let mut attributes = attributes.filter(|field| field.number == 1).filter_map(|field| attribute(field.bytes()?));
        let service = attributes.find(|(key, _)| key == semconv::SERVICE_NAME).map(|(_, value)| value);
        for of_scope in part(2) {
            let of_scope = of_scope.bytes().unwrap_or_default();
            let records = field_ranges(of_scope).filter(|(_, field)| field.number == 2);
            let run = records.filter_map(|(range, _)| of_scope.get(range)).collect::<Vec<_>>().concat();
            let mut recorded = Recorded::default();
            recorded.add(&Records::from_encoded(signal, run));
            if let Some(service) = &service {
                recorded.name(service);
            }
            self.append(recorded);
        }
    }

    /// Adds the records of another.
    #[doc(hidden)]
    pub fn append(&mut self, mut other: Recorded) {
        self.spans.append(&mut other.spans);
        self.logs.append(&mut other.logs);
        self.metrics.append(&mut other.metrics);
    }

    fn name(&mut self, service: &Value) {
        let named = || (semconv::SERVICE_NAME.to_owned(), service.clone());
        let entries = self.spans.iter_mut().filter(|span| matches!(span.kind, SpanKind::Server | SpanKind::Consumer));
        entries.for_each(|span| span.attributes.push(named()));
        self.logs.iter_mut().for_each(|log| log.attributes.push(named()));
    }
}
