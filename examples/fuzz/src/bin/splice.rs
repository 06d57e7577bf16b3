//! Any bytes as a payload: a context goes into objects alone, and comes out again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use thundra_aws::bench_support::splice;
use thundra_aws::fuzz_support::strip;
use thundra_fuzz::context::is_json;
use thundra_fuzz::growth::assert_bounded;

fuzz_target!(|payload: &[u8]| {
    if let Some(spliced) = splice(payload, r#""x":1"#) {
        assert!(is_json(payload) && is_json(spliced.as_bytes()), "{spliced}");
        let (_, stripped) = strip(spliced.as_bytes()).expect("the context is there");
        assert_eq!(stripped, payload);
    }
    assert_bounded(payload, Some, |grown| drop(splice(grown, r#""x":1"#)));
});
