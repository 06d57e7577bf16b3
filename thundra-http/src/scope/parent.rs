//! The place of a scope: below the current scope, or below the starter of the program.

use std::sync::OnceLock;

use thundra_core::propagation::{Inbound, env};
use thundra_core::{Config, Scope, ScopeBuilder, ScopeFlags, ScopeRef, config, outbound};
use tracing::Span;

/// The variable set by Lambda for every program of a function.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// A scope to begin.
pub(super) struct Called {
    builder: ScopeBuilder,
    /// The context of the call, for work in a spawned task.
    caller: Option<Inbound>,
}

impl Called {
    /// Keeps the context of the running code, unless the builder has a parent.
    pub(super) fn now(builder: ScopeBuilder) -> Self {
        let caller = if builder.has_parent() { None } else { running() };
        Called { builder, caller }
    }

    /// Begins the scope, below the running code, else below the caller, else below the starter of the program.
    pub(super) fn begin(self) -> Scope {
        let Called { mut builder, caller } = self;
        if !builder.has_parent() {
            builder = builder.parent(running().or(caller).unwrap_or_else(starter));
        }
        // A request ends soon, and exports the spans inside. A program may run for days, and exports each scope
        // separately.
        let is_in_request = ScopeRef::current().is_some_and(|outer| !outer.flags().contains(ScopeFlags::PROGRAM));
        if is_in_request {
            return builder.nested().begin();
        }
        let scope = builder.begin();
        scope.set_flags(ScopeFlags::PROGRAM);
        scope
    }
}

/// Returns the context of the running code; `None` outside of any scope.
fn running() -> Option<Inbound> {
    let caller = outbound(&Span::current())?;
    // A disabled program without a parent does not publish the trace.
    let is_hidden = config().disabled && !caller.formats.tracecontext && !caller.formats.xray;
    let mut inbound = Inbound::within(caller);
    inbound.parent = inbound.parent.filter(|_| !is_hidden);
    Some(inbound)
}

/// Returns the context in the environment of the program.
fn starter() -> Inbound {
    static STARTER: OnceLock<Inbound> = OnceLock::new();

    STARTER.get_or_init(|| of_starter(config())).clone()
}

/// Returns the context from the starter of the program.
fn of_starter(config: &Config) -> Inbound {
    // The environment of a function outlives every caller. An invocation knows its own caller.
    match config.env().get(RUNTIME_API) {
        None => env::extract(config.env(), config.propagators),
        Some(_) => Inbound::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use thundra_core::Env;

    #[test]
    fn the_environment_of_a_function_names_no_parent() {
        let parent = ("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let of = |variables: &[(&str, &str)]| {
            of_starter(&Config::from_env(&Env::from_pairs(variables.iter().copied()))).parent.is_some()
        };
        assert!(of(&[parent]));
        assert!(!of(&[parent, (RUNTIME_API, "127.0.0.1:9001")]));
        assert!(!of(&[parent, ("OTEL_PROPAGATORS", "baggage")]));
    }
}
