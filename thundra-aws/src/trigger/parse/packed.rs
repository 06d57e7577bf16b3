//! The packed data of stream records: several [user records](super::aggregate) in a single record, and gzip.
//!
//! A context inside compressed data is never cut out, so a context still stands at the beginning, where the producer
//! put the context. Only the beginning is decompressed.

use super::aggregate::{self, Aggregate};
use super::base64;
use super::data::Data;
use super::envelope;
use super::extract::Extractor;
use super::opened::Opened;

/// The beginning of data in gzip, as bytes and in base64.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
const BASE64_GZIP: &str = "H4sI";
/// The maximum number of bytes decompressed from a text.
const MAX_TEXT: usize = 8 * 1024;
/// The length of base64 for [`MAX_TEXT`], even if compression made the data longer. A multiple of four.
const BASE64_HEAD: usize = 12 * 1024;
/// The maximum number of bytes decompressed from a record, as a multiple of the record's length. JSON takes less, a
/// bomb much more.
const MAX_RATIO: usize = 16;

/// The contexts in the data of a record.
#[derive(Debug, Default)]
pub(crate) struct Unpacked {
    /// The context of the data, or of the only user record.
    pub(crate) opened: Opened,
    /// The number of user records. 1 unless the record is aggregated.
    pub(crate) count: usize,
    /// The contexts of several user records, by number.
    pub(crate) user_records: Vec<(usize, Opened)>,
}

/// Opens the data of a record.
pub(crate) fn open(data: &Data<'_>, extractor: &Extractor<'_>) -> Unpacked {
    let decoded = match data {
        Data::Base64(text) if text.starts_with(aggregate::BASE64_MAGIC) => base64::decode(text),
        Data::Base64(text) if text.starts_with(BASE64_GZIP) => base64::decode(text.get(..BASE64_HEAD).unwrap_or(text)),
        Data::Base64(_) => return Unpacked::alone(data.open(extractor)),
        Data::Bytes(bytes) => return open_bytes(bytes, extractor),
    };
    decoded.map(|bytes| open_bytes(&bytes, extractor)).unwrap_or_default()
}

/// Returns the contexts in the data of a record.
#[cfg(feature = "kinesis")]
pub(crate) fn contexts(data: &[u8], extractor: &Extractor<'_>) -> impl Iterator<Item = Opened> {
    let Unpacked { opened, user_records, .. } = open_bytes(data, extractor);
    user_records.into_iter().map(|(_, opened)| opened).chain([opened])
}

fn open_bytes(data: &[u8], extractor: &Extractor<'_>) -> Unpacked {
    let mut room = MAX_TEXT + MAX_RATIO * data.len();
    let Some(aggregate) = Aggregate::of(data) else { return Unpacked::alone(open_text(data, &mut room, extractor)) };
    let mut unpacked = Unpacked::default();
    for record in aggregate.user_records() {
        if let Some(opened) = open_text(record.data, &mut room, extractor) {
            // The context stays within the record.
            unpacked.user_records.push((unpacked.count, Opened { range: None, ..opened }));
        }
        unpacked.count += 1;
    }
    if unpacked.count == 1 {
        unpacked.opened = unpacked.user_records.pop().map(|(_, opened)| opened).unwrap_or_default();
    }
    unpacked
}

/// Opens a text. `room` is the number of bytes left for decompression.
fn open_text(data: &[u8], room: &mut usize, extractor: &Extractor<'_>) -> Option<Opened> {
    if !data.starts_with(&GZIP) {
        return envelope::open(data, extractor);
    }
    let head = decompressor::head(data, MAX_TEXT.min(*room) as u64);
    *room -= head.len();
    envelope::open(&head, extractor).map(|opened| Opened { range: None, ..opened })
}

impl Unpacked {
    fn alone(opened: Option<Opened>) -> Self {
        Unpacked { opened: opened.unwrap_or_default(), count: 1, ..Unpacked::default() }
    }
}

#[cfg(feature = "triggers")]
mod decompressor {
    use std::io::Read;

    use flate2::bufread::GzDecoder;

    /// Returns the first bytes of compressed data. An error ends the text, and the bytes before the error count.
    pub(super) fn head(data: &[u8], most: u64) -> Vec<u8> {
        let mut head = Vec::new();
        let _ = GzDecoder::new(data).take(most).read_to_end(&mut head);
        head
    }
}

/// Without the feature `triggers`, no event has data to decompress.
#[cfg(not(feature = "triggers"))]
mod decompressor {
    pub(super) const fn head(_: &[u8], _: u64) -> Vec<u8> {
        Vec::new()
    }
}

// Clippy lets helpers of tests unwrap only below a plain `cfg(test)`.
#[cfg(test)]
#[cfg(feature = "triggers")]
mod tests {
    use std::io::Write;

    use ::base64::Engine;
    use ::base64::prelude::BASE64_STANDARD;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use thundra_core::propagation::{Propagators, Trust};

    use super::super::aggregate::tests::aggregated;
    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Returns the contexts, in both forms of the data.
    fn ids(data: &[u8]) -> (usize, Vec<Option<String>>) {
        let extractor = Extractor::new(Propagators::default(), Trust::Full);
        let base64 = BASE64_STANDARD.encode(data);
        let [one, other] = [Data::Bytes(data), Data::Base64(base64.into())].map(|data| {
            let unpacked = open(&data, &extractor);
            assert!(unpacked.user_records.is_empty() || unpacked.opened == Opened::default());
            let contexts = unpacked.user_records.into_iter().map(|(_, opened)| opened).chain([unpacked.opened]);
            let id = |opened: Opened| opened.inbound.correlation.get("id").map(str::to_owned);
            (unpacked.count, contexts.map(id).filter(Option::is_some).collect::<Vec<_>>())
        });
        assert_eq!(one, other);
        one
    }

    #[test]
    fn contexts_are_found_in_packed_data() {
        let text = |id: &str, padding: usize| {
            let padding = "ab".repeat(padding);
            format!(r#"{{"__context__":{{"x-correlation-id":"{id}"}},"a":"{padding}"}}"#).into_bytes()
        };
        let last = |padding: usize| {
            let padding = "ab".repeat(padding);
            format!(r#"{{"a":"{padding}","__context__":{{"x-correlation-id":"c"}}}}"#).into_bytes()
        };
        let bridge = br#"{"source":"s","detail-type":"t","detail":{"__context__":{"x-correlation-id":"c"}}}"#;
        let bomb = gzip(&vec![b' '; 50_000_000]);
        for (data, count, expected, why) in [
            (text("c", 0), 1, &["c"][..], "as it is"),
            (gzip(&text("c", 0)), 1, &["c"], "gzip"),
            (gzip(&text("c", 1_000_000)), 1, &["c"], "a long text in gzip"),
            (gzip(&last(1_000)), 1, &["c"], "the last member of a short text"),
            (gzip(&last(1_000_000)), 1, &[], "the last member of a long text"),
            (gzip(bridge), 1, &["c"], "an envelope in gzip"),
            (aggregated(&[&text("a", 0), b"hi", &text("b", 9)]), 3, &["a", "b"], "user records"),
            (aggregated(&[&gzip(&text("a", 0)), &gzip(&text("b", 9))]), 2, &["a", "b"], "user records in gzip"),
            (aggregated(&[&text("a", 0)]), 1, &["a"], "one user record"),
            (aggregated(&[]), 0, &[], "no user records"),
            (aggregated(&[&aggregated(&[&text("a", 0)])]), 1, &[], "user records within user records"),
            (gzip(&gzip(&text("c", 0))), 1, &[], "gzip within gzip"),
            (bomb, 1, &[], "a bomb"),
            (gzip(&text("c", 0))[..20].to_vec(), 1, &[], "gzip that breaks off"),
        ] {
            let expected: Vec<_> = expected.iter().map(|id| Some((*id).to_owned())).collect();
            assert_eq!(ids(&data), (count, expected), "{why}");
        }
    }

    #[test]
    fn bombs_are_not_decompressed() {
        let bomb = gzip(&[b' '; MAX_TEXT]);
        let legal = gzip(br#"{"__context__":{"x-correlation-id":"c"}}"#);
        let mut records: Vec<&[u8]> = vec![&bomb; 20_000];
        records.insert(0, &legal);
        records.push(&legal);
        let data = aggregated(&records);
        let extractor = Extractor::new(Propagators::default(), Trust::Full);
        let unpacked = open_bytes(&data, &extractor);
        assert_eq!(unpacked.count, 20_002);
        let opened: Vec<_> = unpacked.user_records.iter().map(|(number, _)| *number).collect();
        assert_eq!(opened, [0], "the bombs leave no room for the last one");
        let small = vec![&b""[..]; 700_000];
        assert_eq!(open_bytes(&aggregated(&small), &extractor).count, 700_000);
    }

    proptest! {
        #[test]
        fn any_data_is_opened_without_panic(
            data in prop::collection::vec(any::<u8>(), 0..64),
            magic in prop::sample::select(vec![&[][..], &GZIP, &aggregate::MAGIC]),
        ) {
            ids(&[magic, &data].concat());
        }
    }
}
