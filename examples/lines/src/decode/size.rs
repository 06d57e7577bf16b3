//! The memory that a request will take, counted before the request is decoded: an empty span has two bytes on the wire,
//! and some hundreds in memory.

/// The most messages of a request: spans, attributes and the like.
const MAX_MESSAGES: usize = 2_000_000;

/// The depth to which messages are counted: request, resource, scope, record, and the fields of records.
const DEPTH: usize = 5;

/// Returns `true` if a request has not too many messages.
pub(super) fn fits(bytes: &[u8]) -> bool {
    let mut left = MAX_MESSAGES;
    count(bytes, DEPTH, &mut left);
    left > 0
}

/// Takes each field with a length off what is left, and looks into it. A text that looks like messages costs too: that
/// is at most as much as it has bytes.
fn count(mut bytes: &[u8], depth: usize, left: &mut usize) {
    while !bytes.is_empty() && *left > 0 {
        let Some(tag) = varint(&mut bytes) else { return };
        let skipped = match tag & 7 {
            0 => varint(&mut bytes).map(|_| ()),
            1 => skip(&mut bytes, 8).map(|_| ()),
            5 => skip(&mut bytes, 4).map(|_| ()),
            2 => varint(&mut bytes).and_then(|len| skip(&mut bytes, usize::try_from(len).ok()?)).map(|inner| {
                *left -= 1;
                if depth > 1 {
                    count(inner, depth - 1, left);
                }
            }),
            _ => None,
        };
        if skipped.is_none() {
            return;
        }
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn skip<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wraps bytes as a field of a message.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut field = vec![number << 3 | 2];
        let mut len = content.len();
        while len >= 0x80 {
            field.push(len as u8 | 0x80);
            len >>= 7;
        }
        field.push(len as u8);
        field.extend_from_slice(content);
        field
    }

    #[test]
    fn millions_of_empty_spans_do_not_fit() {
        let request = |spans: usize| field(1, &field(2, &[0x12, 0].repeat(spans)));
        assert!(fits(&request(1_000_000)));
        assert!(!fits(&request(3_000_000)));
        for odd in [&[][..], &[0xff; 20], &[0x0a, 0xff, 0xff, 0xff], &[0x0f]] {
            assert!(fits(odd));
        }
    }
}
