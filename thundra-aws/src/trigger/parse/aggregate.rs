//! Records of the [Kinesis Producer Library]. The library packs several user records into a single record of a stream.
//!
//! The bytes of an aggregated record are a magic number, a message of protobuf, and the MD5 checksum of the message.
//! The reader does not verify the checksum, because MD5 would take longer than all the rest. The message must be
//! well-formed up to the last byte instead.
//!
//! [Kinesis Producer Library]: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md

/// The beginning of an aggregated record.
pub(crate) const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
/// The base64 of [`MAGIC`], without the character that depends on the bytes after.
pub(crate) const BASE64_MAGIC: &str = "84maw";
const CHECKSUM_BYTES: usize = 16;

/// An aggregated record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aggregate<'a> {
    message: &'a [u8],
}

/// A record of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UserRecord<'a> {
    /// The partition key chosen by the producer.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    pub(crate) partition_key: &'a str,
    /// The data.
    pub(crate) data: &'a [u8],
}

impl<'a> Aggregate<'a> {
    /// Reads the data of a record of a stream. `None` for data in any other form.
    pub(crate) fn of(data: &'a [u8]) -> Option<Self> {
        let rest = data.strip_prefix(&MAGIC)?;
        let (message, _) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_BYTES)?)?;
        let (mut fields, mut keys, mut last_key) = (message, 0_u64, None);
        while !fields.is_empty() {
            match take_field(&mut fields)? {
                (1, Content::Bytes(key)) => {
                    std::str::from_utf8(key).ok()?;
                    keys += 1;
                }
                (3, Content::Bytes(record)) => last_key = last_key.max(Some(parts(record)?.0)),
                (1 | 3, Content::Integer(_)) => return None,
                _ => {}
            }
        }
        last_key.is_none_or(|last| last < keys).then_some(Aggregate { message })
    }

    /// Returns the user records, in order.
    pub(crate) fn user_records(self) -> impl Iterator<Item = UserRecord<'a>> {
        let keys: Vec<_> = self.fields(1).filter_map(|key| std::str::from_utf8(key).ok()).collect();
        self.fields(3).filter_map(move |record| {
            let (key, data) = parts(record)?;
            Some(UserRecord { partition_key: keys.get(usize::try_from(key).ok()?)?, data })
        })
    }

    /// Returns the texts and messages with a field number.
    fn fields(self, wanted: u64) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.message;
        let fields = std::iter::from_fn(move || take_field(&mut rest));
        fields.filter_map(move |(number, content)| match content {
            Content::Bytes(bytes) if number == wanted => Some(bytes),
            _ => None,
        })
    }
}

/// Returns the number of the partition key, and the data.
fn parts(mut record: &[u8]) -> Option<(u64, &[u8])> {
    let (mut key, mut data) = (None, None);
    while !record.is_empty() {
        match take_field(&mut record)? {
            (1, Content::Integer(index)) => key = Some(index),
            (3, Content::Bytes(bytes)) => data = Some(bytes),
            (1, Content::Bytes(_)) | (3, Content::Integer(_)) => return None,
            _ => {}
        }
    }
    key.zip(data)
}

/// The content of a field. No field of the message has another wire type.
enum Content<'a> {
    Integer(u64),
    Bytes(&'a [u8]),
}

fn take_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Content<'a>)> {
    let tag = take_varint(bytes)?;
    let content = match tag & 7 {
        0 => Content::Integer(take_varint(bytes)?),
        2 => {
            let length = usize::try_from(take_varint(bytes)?).ok()?;
            let (content, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Content::Bytes(content)
        }
        _ => return None,
    };
    Some((tag >> 3, content))
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut length = content.len();
        let mut field = vec![number << 3 | 2];
        while length >= 0x80 {
            field.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        [&field, content].concat()
    }

    fn record(key: u8, data: &[u8]) -> Vec<u8> {
        field(3, &[&[8, key][..], &field(3, data)].concat())
    }

    fn sealed(message: &[u8]) -> Vec<u8> {
        [&MAGIC, message, &[0; CHECKSUM_BYTES]].concat()
    }

    /// Packs the data of user records as the library does, all with the partition key `k`.
    pub(crate) fn aggregated(records: &[&[u8]]) -> Vec<u8> {
        sealed(&[field(1, b"k"), records.iter().flat_map(|data| record(0, data)).collect()].concat())
    }

    #[test]
    fn user_records_are_read_from_well_formed_records_alone() {
        let read = |data: &[u8]| {
            Aggregate::of(data).map(|aggregate| {
                aggregate
                    .user_records()
                    .map(|record| (record.partition_key.to_owned(), record.data.to_owned()))
                    .collect::<Vec<_>>()
            })
        };
        let keys = [field(1, b"a"), field(1, b"b")].concat();
        // A record of a producer in another language, with a genuine checksum.
        let genuine = BASE64_STANDARD.decode("84mawgoNcGFydGl0aW9uX2tleRoICAAaBGRhdGHQNpnaWiIvoyEIrRvZVaFO").unwrap();
        assert_eq!(read(&genuine), Some(vec![("partition_key".to_owned(), b"data".to_vec())]));
        let extra = field(3, &[&[8, 1, 16, 0][..], &field(3, b"y"), &field(4, b"tag")].concat());
        let of_b = Some(vec![("a".to_owned(), b"x".to_vec()), ("b".to_owned(), b"y".to_vec())]);
        for (message, records, why) in [
            ([&keys[..], &record(0, b"x"), &record(1, b"y")].concat(), of_b.clone(), "two records"),
            ([&record(0, b"x")[..], &extra, &keys].concat(), of_b, "keys last, hash keys and tags"),
            (keys.clone(), Some(vec![]), "no records"),
            (vec![], Some(vec![]), "nothing"),
            ([&keys[..], &record(2, b"x")].concat(), None, "a key that is missing"),
            ([&keys[..], &[26, 100]].concat(), None, "a length that is too long"),
            ([&keys[..], &[26, 2, 8, 0]].concat(), None, "a record without data"),
            ([&keys[..], &[24, 0]].concat(), None, "a number for a record"),
            ([&keys[..], &[29, 0, 0, 0, 0]].concat(), None, "another wire type"),
            ([&keys[..], &[255; 11]].concat(), None, "a number that is too long"),
            (field(1, &[255]), None, "a key that is no text"),
        ] {
            assert_eq!(read(&sealed(&message)), records, "{why}");
        }
        for (data, why) in [(&b""[..], "nothing"), (&MAGIC[..], "no checksum"), (b"{\"a\":1}", "JSON")] {
            assert_eq!(read(data), None, "{why}");
        }
    }

    #[test]
    fn the_base64_of_the_magic_number_is_that_of_any_message() {
        for next in 0..=255 {
            assert!(BASE64_STANDARD.encode([&MAGIC[..], &[next, 0]].concat()).starts_with(BASE64_MAGIC), "{next}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(message in prop::collection::vec(prop_oneof![any::<u8>(), 0..32_u8], 0..64)) {
            for data in [&message, &sealed(&message)] {
                Aggregate::of(data).into_iter().flat_map(Aggregate::user_records).for_each(drop);
            }
        }

        #[test]
        fn what_was_packed_comes_out(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
            let data = aggregated(&records);
            let unpacked: Vec<_> = Aggregate::of(&data).unwrap().user_records().map(|record| record.data).collect();
            prop_assert_eq!(unpacked, records);
        }
    }
}
