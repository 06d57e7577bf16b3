//! The stack traces of panics, kept only if the environment asks for backtraces.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::panic::{set_hook, take_hook};
use std::sync::Once;

use crate::Env;

thread_local! {
    /// The place and the backtrace of the last panic of this thread.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
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
                    let _ = LAST.try_with(|last| last.replace(Some(format!("{place}{backtrace}"))));
                }
                before(panic);
            }));
        });
    }
}

/// Takes the stack trace of the panic that this thread catches.
pub(super) fn take_stack_trace() -> Option<String> {
    LAST.try_with(RefCell::take).ok().flatten()
}

fn are_asked_for(env: &Env) -> bool {
    let value = env.get("RUST_LIB_BACKTRACE").or_else(|| env.get("RUST_BACKTRACE"));
    value.is_some_and(|value| value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

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
