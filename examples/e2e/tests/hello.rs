//! `hello` on a developer's machine: the response is on standard output, everything else on standard error.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use std::fs::{self, File};
use std::process::{Command, Output, Stdio};

use thundra_examples::harness::target;

const EVENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/sns.json");

const RESPONSE: &str = "[\n  \"Hello ada, thank you for your order!\"\n]\n";

#[test]
fn an_event_from_standard_input_is_answered() {
    answered(&hello(&[], File::open(EVENT).unwrap()));
}

#[test]
fn an_event_from_a_file_is_answered() {
    answered(&hello(&[EVENT], Stdio::null()));
}

/// Asserts that standard output has the response alone, and standard error the span tree.
fn answered(output: &Output) {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stdout, RESPONSE, "the response and nothing of the tree");
    let tree = stderr.split_once("trace 0af7651916cd43dd8448eb211c80319c\n").map(|(_, tree)| tree);
    let tree: Vec<_> = tree.unwrap_or_else(|| panic!("no tree of the message's trace: {stderr}")).lines().collect();
    let spans = ["hello [server] ", "└ greet ", "  └ look_up "];
    for span in spans {
        assert!(tree.iter().any(|line| line.starts_with(span)), "{span:?} is not in the tree: {stderr}");
    }
    assert!(tree.contains(&"metric greetings 1"), "{stderr}");
}

#[test]
fn broken_json_is_called_that() {
    let error = refused("broken", "{\"Records\": [");
    assert!(error.starts_with("error: the event is not JSON: "), "{error}");
}

#[test]
fn an_event_of_another_shape_is_called_that() {
    let error = refused("shape", "{\"orders\": []}");
    assert!(error.starts_with("error: the event is not what the handler takes: missing field `Records`"), "{error}");
}

#[test]
fn a_handler_that_fails_is_a_failure() {
    let event = fs::read_to_string(EVENT).unwrap();
    let mut event: serde_json::Value = serde_json::from_str(&event).unwrap();
    *event.pointer_mut("/Records/0/Sns/Message").unwrap() = "a dozen eggs".into();
    let error = refused("handler", &event.to_string());
    assert!(error.starts_with("error: the handler failed: expected value at line 1 column 1"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let output = hello(&["no/such.json"], Stdio::null());
    assert_eq!(
        error(&output),
        "error: cannot read the event from no/such.json: No such file or directory (os error 2)"
    );
}

/// Runs `hello` on an unusable event, and returns the error line.
fn refused(name: &str, event: &str) -> String {
    let path = target::path(&format!("test-hello-{name}.json")).unwrap();
    fs::write(&path, event).unwrap();
    error(&hello(&[], File::open(path).unwrap()))
}

/// Returns the only error line.
fn error(output: &Output) -> String {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stdout, "", "there is no response");
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    let [line] = lines.as_slice() else { panic!("one error line expected: {stderr}") };
    (*line).to_owned()
}

/// Runs `hello` with an empty environment, without settings of the shell.
fn hello(arguments: &[&str], stdin: impl Into<Stdio>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hello")).args(arguments).env_clear().stdin(stdin).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
