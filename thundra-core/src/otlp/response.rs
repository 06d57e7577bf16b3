//! A collector's response to an OTLP request.

use super::read::fields;

/// Reads the partial success in a response to any signal's request: the number of records that the collector rejected,
/// and its message.
pub(crate) fn partial_success(response: &[u8]) -> Option<(i64, String)> {
    let partial = fields(response).find(|field| field.number == 1)?.bytes()?;
    let (mut rejected, mut message) = (0, String::new());
    for field in fields(partial) {
        match field.number {
            1 => rejected = field.integer()? as i64,
            2 => message = field.text()?,
            _ => {}
        }
    }
    Some((rejected, message))
}

/// Reads the message of a [`Status`], the body of a response to a failed request.
///
/// [`Status`]: https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto
pub(crate) fn status_message(response: &[u8]) -> Option<String> {
    fields(response).find(|field| field.number == 2)?.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (partial_success(&bytes), status_message(&bytes));
        }
    }
}
