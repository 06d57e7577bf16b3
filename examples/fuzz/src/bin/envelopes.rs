//! Any payload in any envelopes of any event: thundra finds the sender's context.
#![no_main]

use libfuzzer_sys::fuzz_target;
use thundra_aws::bench_support::splice;
use thundra_aws::fuzz_support::read;
use thundra_fuzz::event::around;
use thundra_fuzz::growth::assert_bounded;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fuzz_target!(|input: &[u8]| {
    let [one, two, three, payload @ ..] = input else { return };
    let choices = [*one, *two, *three];
    let Some(event) = around(payload, choices) else { return };
    assert_eq!(read(event.as_bytes()).senders.len(), 1, "{event}");
    let grown = |payload: Vec<u8>| around(&payload, choices).map(String::into_bytes);
    assert_bounded(payload, grown, |event| drop(read(event)));

    let members = format!(r#""traceparent":"00-{TRACE}-b7ad6b7169203331-01""#);
    if let Some(spliced) = splice(payload, &members) {
        let event = around(spliced.as_bytes(), choices).expect("as before");
        assert_eq!(read(event.as_bytes()).senders, [Some(TRACE.to_owned())], "{event}");
    }
});
