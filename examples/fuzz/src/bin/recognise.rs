//! Any bytes as an event: every input is some trigger, and the handler receives everything but the contexts.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use thundra_aws::fuzz_support::{delivered, read};
use thundra_fuzz::context::assert_only_contexts;
use thundra_fuzz::growth::assert_bounded;

fuzz_target!(|event: &[u8]| {
    let contexts = read(event).contexts;
    assert_only_contexts(event, &contexts, &delivered(Bytes::copy_from_slice(event), &contexts));
    assert_bounded(event, Some, |grown| drop(read(grown)));
});
