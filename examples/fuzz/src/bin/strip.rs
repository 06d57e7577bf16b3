//! Any bytes as a payload: nothing is cut out but the context.
#![no_main]

use libfuzzer_sys::fuzz_target;
use thundra_aws::fuzz_support::strip;
use thundra_fuzz::context::assert_only_contexts;
use thundra_fuzz::growth::assert_bounded;

fuzz_target!(|payload: &[u8]| {
    if let Some((range, stripped)) = strip(payload) {
        assert_only_contexts(payload, &[range], &stripped);
    }
    assert_bounded(payload, Some, |grown| drop(strip(grown)));
});
