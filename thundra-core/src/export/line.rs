//! Lines of JSON with a batch each, in the envelope of the [serverless-otlp-forwarder], a reader of CloudWatch Logs.
//!
//! [serverless-otlp-forwarder]: https://github.com/dev7a/serverless-otlp-forwarder

use std::io;

use base64::Engine;

use super::{Batch, ExportError, Gzip, StandardStream};
use crate::whole_line::write_line;

/// The limit of a log line. Longer lines are cut.
const MAX_LINE_BYTES: usize = 256 * 1024;

/// Makes and writes lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    gzip: Gzip,
}

impl Lines {
    /// Returns the line of a batch.
    ///
    /// # Errors
    ///
    /// [`TooLarge`](super::ExportErrorKind::TooLarge) over 256 KiB.
    pub(super) fn line(&self, batch: &Batch) -> Result<String, ExportError> {
        let line = self.format(batch).map_err(failed)?;
        match line.len() {
            ..=MAX_LINE_BYTES => Ok(line),
            _ => Err(ExportError::too_large("a log line holds 256 KiB")),
        }
    }

    /// Writes a line to standard output. Other threads wait until the end of the line.
    pub(super) fn write(&self, line: &str) -> Result<(), ExportError> {
        write_line(StandardStream::Output, line.as_bytes()).map_err(failed)
    }

    fn format(&self, batch: &Batch) -> io::Result<String> {
        let protobuf = batch.to_protobuf_for_log();
        let packed = self.gzip.pack(&protobuf)?;
        // The forwarder unpacks `gzip`, or a payload without an encoding, and takes a payload of any other encoding as
        // it is: `convert_to_protobuf` of <https://github.com/dev7a/serverless-otlp-forwarder/blob/\
        // 04b2fecfb485ba6f62312fb0e80a37d664bbf117/packages/rust/serverless-otlp-forwarder-core/src/telemetry.rs>.
        let (encoding, payload) = if packed.len() < protobuf.len() { ("gzip", packed) } else { ("identity", protobuf) };
        // Only the name of the service may need an escape.
        let source = serde_json::to_string(batch.resource().redacted().service_name())?;
        let mut line = String::with_capacity(payload.len() * 4 / 3 + source.len() + 256);
        line.push_str(concat!(r#"{"__otel_otlp_stdout":""#, env!("CARGO_PKG_VERSION"), r#"","source":"#));
        line.push_str(&source);
        line.push_str(r#","endpoint":"http://localhost:4318"#);
        line.push_str(batch.signal().path());
        line.push_str(r#"","method":"POST","content-type":"application/x-protobuf","content-encoding":""#);
        line.push_str(encoding);
        line.push_str(r#"","base64":true,"payload":""#);
        base64::engine::general_purpose::STANDARD.encode_string(payload, &mut line);
        line.push_str("\"}\n");
        Ok(line)
    }
}

fn failed(error: io::Error) -> ExportError {
    ExportError::permanent(format!("standard output: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;

    use super::*;
    use crate::export::ExportErrorKind;
    use crate::test_records::{logs, metrics};
    use crate::{Records, Resource, Scope};

    fn batch(spans: usize, text: impl Fn(usize) -> String) -> Batch {
        let mut records = Records::default();
        for i in 0..spans {
            let span = Scope::builder(format!("span {i}")).attribute("text", text(i)).begin().finish();
            records.append(span).unwrap();
        }
        of_orders(records)
    }

    fn of_orders(records: Records) -> Batch {
        Batch::new(Arc::new(Resource::new([("service.name".to_owned(), "orders".into())])), records)
    }

    /// Returns the address and the request of a line.
    fn opened(line: &str) -> (String, Vec<u8>) {
        let envelope: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&envelope["source"], &envelope["base64"]), (&"orders".into(), &true.into()));
        (envelope["endpoint"].as_str().unwrap().to_owned(), unpacked(&envelope))
    }

    fn unpacked(envelope: &serde_json::Value) -> Vec<u8> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        if envelope["content-encoding"] == "identity" {
            return bytes;
        }
        assert_eq!(envelope["content-encoding"], "gzip");
        Gzip::unpack(&bytes, 1 << 20).unwrap().unwrap()
    }

    #[test]
    fn a_batch_is_one_line() {
        let line = Lines::default().line(&batch(3, |_| "x".into())).unwrap();
        assert_eq!(line.lines().count(), 1);
        let (endpoint, protobuf) = opened(line.trim_end());
        assert_eq!(endpoint, "http://localhost:4318/v1/traces");
        let request = ExportTraceServiceRequest::decode(protobuf.as_slice()).unwrap();
        let spans = &request.resource_spans[0].scope_spans[0].spans;
        assert_eq!(spans.iter().map(|span| &span.name).collect::<Vec<_>>(), ["span 0", "span 1", "span 2"]);
    }

    #[test]
    fn each_signal_has_its_address() {
        let line = |records| Lines::default().line(&of_orders(records)).unwrap();
        let (endpoint, protobuf) = opened(&line(logs(&["first", "second"])));
        assert_eq!(endpoint, "http://localhost:4318/v1/logs");
        let request = ExportLogsServiceRequest::decode(protobuf.as_slice()).unwrap();
        assert_eq!(request.resource_logs[0].scope_logs[0].log_records.len(), 2);
        let (endpoint, protobuf) = opened(&line(metrics(&[1, 2])));
        assert_eq!(endpoint, "http://localhost:4318/v1/metrics");
        let request = ExportMetricsServiceRequest::decode(protobuf.as_slice()).unwrap();
        assert_eq!(request.resource_metrics[0].scope_metrics[0].metrics.len(), 2);
    }

    #[test]
    fn a_line_has_no_credential_in_it() {
        let attributes = [("service.name", "ftp://u:pw@h/"), ("vendor.token", "pw"), ("url", "redis://u:pw@h")];
        let resource = Resource::new(attributes.map(|(key, value)| (key.to_owned(), value.into())));
        let batch = Batch::new(Arc::new(resource), Scope::builder("span").begin().finish());
        let line = Lines::default().line(&batch).unwrap();
        let envelope: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(envelope["source"], "ftp://REDACTED@h/");
        let protobuf = unpacked(&envelope);
        assert!(!protobuf.windows(2).any(|bytes| bytes == b"pw"));
    }

    #[test]
    fn what_gzip_does_not_make_shorter_is_not_packed() {
        let noise = || crate::TraceId::random().to_string();
        for (name, encoding, why) in [
            ("a".repeat(200), "gzip", "repeated bytes"),
            (String::from("a"), "identity", "a short span of random ids"),
            (noise(), "identity", "a random name"),
        ] {
            let records = Scope::builder(name.clone()).begin().finish();
            let batch = Batch::new(Arc::new(Resource::new([])), records);
            let line = Lines::default().line(&batch).unwrap();
            let envelope: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(envelope["content-encoding"], encoding, "{why}");
            let request = ExportTraceServiceRequest::decode(unpacked(&envelope).as_slice()).unwrap();
            assert_eq!(request.resource_spans[0].scope_spans[0].spans[0].name, name, "{why}");
        }
    }

    #[test]
    fn a_batch_that_does_not_fit_in_a_line_is_to_be_split() {
        // Random ids do not compress: 40 spans of 16 KiB do not fit in one line.
        let noise = |_| (0..512).map(|_| crate::TraceId::random().to_string()).collect::<String>();
        let result = Lines::default().line(&batch(40, noise));
        assert_eq!(result.map_err(|error| error.kind()), Err(ExportErrorKind::TooLarge));
    }
}
