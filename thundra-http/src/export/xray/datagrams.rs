//! A batch as datagrams for the X-Ray daemon.
//!
//! ```text
//! {"format":"json","version":1}⏎T1S<base64 of an ExportTraceServiceRequest>
//! ```
//!
//! `T1S` stands before sampled spans, and `T1U` before unsampled spans kept by `THUNDRA_KEEP`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use thundra_core::export::Batch;

/// The line before all data:
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon>.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
const SAMPLED: &str = "T1S";
const UNSAMPLED: &str = "T1U";

/// The most bytes of a UDP datagram over IPv4.
const MAX_BYTES: usize = 65_507;

/// The most bytes of the request in a datagram. Base64 makes four bytes of three.
const MAX_REQUEST_BYTES: usize = (MAX_BYTES - HEADER.len() - SAMPLED.len()) / 4 * 3;

/// The datagrams of a batch.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    pub(super) datagrams: Vec<Datagram>,
    /// The number of spans too large for a datagram.
    pub(super) too_large: u32,
}

/// Spans with the same sampling decision, up to the size of a datagram.
#[derive(Debug)]
pub(super) struct Datagram {
    is_sampled: bool,
    fields: Vec<u8>,
    count: u32,
}

impl Datagrams {
    /// Divides a batch between spans.
    pub(super) fn of(batch: &Batch) -> Self {
        let mut divided = Datagrams::default();
        let mut open = [Datagram::new(true), Datagram::new(false)];
        for span in batch.encoded() {
            let is_sampled = span.is_sampled();
            let [sampled, unsampled] = &mut open;
            let datagram = if is_sampled { sampled } else { unsampled };
            if batch.request_len(datagram.fields.len() + span.field().len()) > MAX_REQUEST_BYTES {
                if batch.request_len(span.field().len()) > MAX_REQUEST_BYTES {
                    divided.too_large += 1;
                    continue;
                }
                divided.datagrams.push(std::mem::replace(datagram, Datagram::new(is_sampled)));
            }
            datagram.fields.extend_from_slice(span.field());
            datagram.count += 1;
        }
        divided.datagrams.extend(open.into_iter().filter(|datagram| datagram.count > 0));
        divided
    }
}

impl Datagram {
    const fn new(is_sampled: bool) -> Self {
        Datagram { is_sampled, fields: Vec::new(), count: 0 }
    }

    /// Returns the number of spans.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Returns the bytes to send.
    pub(super) fn encode(&self, batch: &Batch) -> Vec<u8> {
        let request = batch.with_fields(&self.fields).to_protobuf();
        let mut datagram = String::with_capacity(HEADER.len() + SAMPLED.len() + request.len().div_ceil(3) * 4);
        datagram.push_str(HEADER);
        datagram.push_str(if self.is_sampled { SAMPLED } else { UNSAMPLED });
        BASE64_STANDARD.encode_string(request, &mut datagram);
        datagram.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;
    use thundra_core::{Config, Env, Records, Resource, Scope};

    use super::*;

    fn batch(spans: Records) -> Batch {
        Batch::new(Arc::new(Resource::new([("service.name".to_owned(), "orders".into())])), spans)
    }

    fn span(bytes: usize) -> Records {
        Scope::builder("span").attribute("text", "x".repeat(bytes)).begin().finish()
    }

    /// Returns the prefix of a datagram, and the number of spans.
    fn opened(datagram: &[u8]) -> (String, usize) {
        let text = std::str::from_utf8(datagram).unwrap();
        let (prefix, request) = text.strip_prefix(HEADER).unwrap().split_at(3);
        let request = ExportTraceServiceRequest::decode(&*BASE64_STANDARD.decode(request).unwrap()).unwrap();
        let spans = &request.resource_spans[0];
        assert_eq!(spans.resource.as_ref().unwrap().attributes[0].key, "service.name");
        (prefix.to_owned(), spans.scope_spans[0].spans.len())
    }

    #[test]
    fn a_datagram_is_as_full_as_it_may_be() {
        let empty = batch(span(0));
        // Room for the length of the attribute: a long span takes more bytes for the length.
        let room = MAX_REQUEST_BYTES - empty.request_len(empty.fields_len()) - 16;
        for (bytes, datagrams, too_large) in
            [(room - 10, 1, 0), (room, 1, 0), (room + 10, 0, 1), (10 * room, 0, 1), (room / 3, 1, 0)]
        {
            let batch = batch(span(bytes));
            let divided = Datagrams::of(&batch);
            assert_eq!((divided.datagrams.len(), divided.too_large), (datagrams, too_large), "{bytes}");
            for datagram in divided.datagrams {
                assert!(datagram.encode(&batch).len() <= MAX_BYTES, "{bytes}");
            }
        }
    }

    #[test]
    fn a_batch_is_divided_between_spans_and_by_decision() {
        let variables = [("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", "errors")];
        let unsampled = Config::from_env(&Env::from_pairs(variables));
        let mut spans = Records::default();
        for n in 0..1000 {
            let bytes = if n == 500 { 100_000 } else { 300 };
            spans.append(span(bytes)).unwrap();
            if n % 20 == 0 {
                let kept = Scope::builder("kept").begin_with(&unsampled);
                kept.set_error("refused", "refused");
                spans.append(kept.finish()).unwrap();
            }
        }
        let batch = batch(spans);
        let divided = Datagrams::of(&batch);
        let opened: Vec<_> = divided.datagrams.iter().map(|datagram| opened(&datagram.encode(&batch))).collect();
        assert!(opened.len() > 5, "{opened:?}");
        let spans = |of: &str| opened.iter().filter(|(prefix, _)| prefix == of).map(|(_, spans)| spans).sum::<usize>();
        assert_eq!((spans("T1S"), spans("T1U")), (999, 50), "{opened:?}");
        assert_eq!(divided.too_large, 1);
    }
}
