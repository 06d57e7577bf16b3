//! The stack traces of panics, kept only if the environment asks for backtraces.

use std::any::{Any, TypeId};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

use crate::Env;

thread_local! {
    /// The last panic of this thread.
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// A panic, whoever catches it.
struct Panic {
    payload: TypeId,
    text: Option<String>,
    /// The place and the backtrace.
    stack_trace: String,
}

/// Keeps the place and the backtrace of panics from now on, if the environment asks for backtraces as the standard
/// library reads it. The hook before runs afterwards, and prints what it printed.
pub(crate) fn keep_stack_traces(env: &Env) {
    static HOOK: Once = Once::new();

    if are_asked_for(env) {
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |panic| {
                let backtrace = Backtrace::capture();
                if backtrace.status() == BacktraceStatus::Captured {
                    let place = panic.location().map(|place| format!("at {place}\n")).unwrap_or_default();
                    keep(panic.payload(), format!("{place}{backtrace}"));
                }
                before(panic);
            }));
        });
    }
}

/// Returns the message of a panic, if it has one.
pub(super) fn text(payload: &dyn Any) -> Option<&str> {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref().map(String::as_str))
}

fn keep(payload: &dyn Any, stack_trace: String) {
    let panic = Panic { payload: payload.type_id(), text: text(payload).map(str::to_owned), stack_trace };
    let _ = LAST.try_with(|last| last.replace(Some(panic)));
}

/// Takes the stack trace of the panic that this thread catches. `None` if the last panic of this thread was another
/// one: a resumed panic may come from another thread.
pub(super) fn take_stack_trace(payload: &dyn Any) -> Option<String> {
    let last = LAST.try_with(RefCell::take).ok().flatten()?;
    let is_last = last.payload == payload.type_id() && last.text.as_deref() == text(payload);
    is_last.then_some(last.stack_trace)
}

fn are_asked_for(env: &Env) -> bool {
    let value = env.get("RUST_LIB_BACKTRACE").or_else(|| env.get("RUST_BACKTRACE"));
    value.is_some_and(|value| value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_trace_belongs_to_its_panic_alone() {
        let trace = || "at src/main.rs:1:1".to_owned();
        for (panic, caught, belongs, why) in [
            (&"one" as &dyn Any, &"one" as &dyn Any, true, "a literal"),
            (&"one".to_owned(), &"one".to_owned(), true, "a formatted text"),
            (&1_u8, &1_u8, true, "another value"),
            (&"one", &"two", false, "a panic that another thread had"),
            (&"one", &1_u8, false, "a value that no hook saw"),
            (&1_u8, &1_u16, false, "a value of another type"),
        ] {
            keep(panic, trace());
            assert_eq!(take_stack_trace(caught), belongs.then(trace), "{why}");
            assert_eq!(take_stack_trace(panic), None, "{why}: taken once");
        }
    }

    #[test]
    fn backtraces_are_asked_for_as_of_the_standard_library() {
        for (variables, asked) in [
            (&[][..], false),
            (&[("RUST_BACKTRACE", "1")], true),
            (&[("RUST_BACKTRACE", "full")], true),
            (&[("RUST_BACKTRACE", "0")], false),
            (&[("RUST_LIB_BACKTRACE", "0"), ("RUST_BACKTRACE", "1")], false),
            (&[("RUST_LIB_BACKTRACE", "1")], true),
        ] {
            assert_eq!(are_asked_for(&Env::from_pairs(variables.iter().copied())), asked, "{variables:?}");
        }
    }
}
