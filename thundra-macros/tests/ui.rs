//! The accepted uses of the attributes, and the messages for rejected uses. The name of a fail file is the mistake.

mod traced;

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
