//! The context in the environment of a child process.

use std::collections::BTreeSet;
use std::process::Command;

use tracing::Span;

use super::names::{CORRELATION_PREFIX, KNOWN, TRACEPARENT, TRACESTATE, key, variable};
use crate::carrier::{CORRELATION_TRACEPARENT, Outbound, Propagators, XRAY_HEADER};
use crate::{Env, ScopeRef, outbound};

/// The size of all our variables. Systems limit the environment of a process together with the arguments, to 1 MiB and
/// more, and Windows a single variable to 32,767 characters.
const MAX_BYTES: usize = 16 * 1024;

/// Returns the variables with the context of the running code; none outside of any scope.
///
/// A child process also inherits the variables of the running program, perhaps with the context received from the
/// starter of the running program. Remove the [stale variables](stale_vars), as [`inject`] does.
///
/// # Examples
///
/// For an API that takes pairs, such as the environment of a container:
///
/// ```
/// use thundra_core::Scope;
/// use thundra_core::propagation::env;
///
/// let scope = Scope::builder("deploy").begin();
/// let vars: Vec<(String, String)> = scope.enter(|| env::vars().collect());
/// assert_eq!(vars[0].0, "TRACEPARENT");
/// assert_eq!(env::vars().count(), 0, "outside of the scope");
/// ```
pub fn vars() -> impl Iterator<Item = (String, String)> {
    let vars = outbound(&Span::current()).map(|outbound| {
        let fitting = Fitting::of(outbound.header_pairs());
        fitting.count_left_out();
        fitting.vars
    });
    vars.unwrap_or_default().into_iter()
}

/// Returns the names of the running program's variables with another context: the variables with context that [`vars`]
/// does not replace. The iterator is empty outside of any scope.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::env;
///
/// let mut environment: std::collections::HashMap<_, _> = std::env::vars().collect();
/// env::stale_vars().for_each(|name| drop(environment.remove(&name)));
/// environment.extend(env::vars());
/// ```
pub fn stale_vars() -> impl Iterator<Item = String> {
    let stale = outbound(&Span::current()).map(|outbound| {
        let fresh: BTreeSet<_> = Fitting::of(outbound.header_pairs()).vars.into_iter().map(|(name, _)| name).collect();
        &inherited(&Env::process(), outbound.formats) - &fresh
    });
    stale.unwrap_or_default().into_iter()
}

/// Hands the context of the running code to a child process. Sets the [variables](vars) of a command, and removes the
/// [stale variables](stale_vars). Does nothing outside of any scope.
///
/// A variable that the program set or removed on the command stays unchanged, unless the program merely forwarded a
/// received value.
///
/// # Examples
///
/// ```
/// use std::process::Command;
///
/// use thundra_core::Scope;
/// use thundra_core::propagation::env;
///
/// let mut command = Command::new("import");
/// Scope::builder("nightly").begin().enter(|| env::inject(&mut command));
/// assert!(command.get_envs().any(|(name, _)| name == "TRACEPARENT"));
/// ```
///
/// A command of Tokio:
///
/// ```no_run
/// use thundra_core::propagation::env;
/// use tokio::process::Command;
///
/// # async fn import() -> std::io::Result<()> {
/// let mut command = Command::new("import");
/// env::inject(command.as_std_mut());
/// command.status().await?;
/// # Ok(())
/// # }
/// ```
pub fn inject(command: &mut Command) {
    if let Some(outbound) = outbound(&Span::current()) {
        inject_with(&outbound, &Env::process(), command);
    }
}

/// Sets and removes the variables of a command, in a program with the environment `env`.
fn inject_with(outbound: &Outbound, env: &Env, command: &mut Command) {
    let own = own(command, outbound, env);
    // A trace context set by the program is not mixed with the context of the scope.
    let has_own_context = own.contains(&variable(TRACEPARENT));
    let is_trace = |key: &str| [TRACESTATE, XRAY_HEADER, CORRELATION_TRACEPARENT].contains(&key);
    let is_theirs = |key: &str| own.contains(&variable(key)) || (has_own_context && is_trace(key));
    let fitting = Fitting::of(outbound.header_pairs().into_iter().filter(|(key, _)| !is_theirs(key)));
    fitting.count_left_out();
    let on_command = command.get_envs().filter_map(|(name, _)| Some(name.to_str()?.to_owned()));
    let others: BTreeSet<_> = on_command.filter(|name| key(name, outbound.formats).is_some()).collect();
    for name in (&inherited(env, outbound.formats) | &others).difference(&own) {
        command.env_remove(name);
    }
    command.envs(fitting.vars);
}

/// Returns the names of the variables with context that the program itself set or removed on a command. A value equal
/// to a value received by the scope, or from the starter of the program, counts as forwarded, not as set.
fn own(command: &Command, outbound: &Outbound, env: &Env) -> BTreeSet<String> {
    let own = command.get_envs().filter_map(|(name, value)| {
        let name = name.to_str()?;
        let key = key(name, outbound.formats)?;
        let is_forwarded = value.and_then(|value| value.to_str()).is_some_and(|value| {
            env.get(name).is_some_and(|inherited| inherited == value.trim()) || outbound.is_forwarded(&key, value)
        });
        (!is_forwarded).then(|| name.to_owned())
    });
    own.collect()
}

/// Returns the names of the variables with context in an environment.
fn inherited(env: &Env, formats: Propagators) -> BTreeSet<String> {
    let known = KNOWN.iter().map(|known| variable(known.key));
    let names = known.filter(|name| env.get(name).is_some() || env.is_not_unicode(name));
    names.chain(env.names_with_prefix(CORRELATION_PREFIX)).filter(|name| key(name, formats).is_some()).collect()
}

/// The variables with room in an environment.
struct Fitting {
    vars: Vec<(String, String)>,
    left_out: bool,
}

impl Fitting {
    /// Chooses the first pairs with room. The variable of two keys has the value of the first key.
    fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let (mut fitting, mut names, mut room) =
            (Fitting { vars: Vec::new(), left_out: false }, BTreeSet::new(), MAX_BYTES);
        for (key, value) in pairs {
            let name = variable(key);
            let bytes = name.len() + "=".len() + value.len() + "\0".len();
            // The system refuses a command with a NUL in a variable.
            if bytes > room || value.contains('\0') || names.contains(&name) {
                fitting.left_out = true;
                continue;
            }
            room -= bytes;
            names.insert(name.clone());
            fitting.vars.push((name, value));
        }
        fitting
    }

    /// Counts a child process without the full context on the scope.
    fn count_left_out(&self) {
        if let Some(scope) = ScopeRef::current().filter(|_| self.left_out) {
            scope.count_incomplete_messages(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::{Inbound, Trust};
    use crate::{Scope, correlation};

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const OTHER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// Returns the variables of a command after an injection. A removed variable has the value `None`.
    fn injected(
        received: &[(&str, &str)],
        environment: &[(&str, &str)],
        change: impl FnOnce(&mut Command),
    ) -> Vec<(String, Option<String>)> {
        let mut command = Command::new("child");
        change(&mut command);
        let inbound = Inbound::extract(received.iter().copied(), Propagators::default(), Trust::Full);
        let outbound = Scope::builder("parent").parent(inbound).begin().enter(|| outbound(&Span::none())).unwrap();
        inject_with(&outbound, &Env::from_pairs(environment.iter().copied()), &mut command);
        let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
        command.get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
    }

    fn value(vars: &[(String, Option<String>)], name: &str) -> Option<Option<String>> {
        vars.iter().find(|var| var.0 == name).map(|var| var.1.clone())
    }

    #[test]
    fn the_context_of_the_scope_is_set() {
        let received =
            [("traceparent", PARENT), ("tracestate", "vendor=1"), ("x-correlation-order", "o-9"), ("baggage", "a=1")];
        let vars = injected(&received, &[], |_| {});
        for (name, expected) in [
            ("TRACESTATE", "vendor=1"),
            ("X_CORRELATION_ORDER", "o-9"),
            ("BAGGAGE", "a=1"),
            ("CALL_CHAIN_LENGTH", "1"),
            ("DEBUG_LOG_ENABLED", "false"),
        ] {
            assert_eq!(value(&vars, name), Some(Some(expected.to_owned())), "{name}");
        }
        assert!(value(&vars, "TRACEPARENT").unwrap().unwrap().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
        assert!(value(&vars, "X_AMZN_TRACE_ID").unwrap().is_some());
    }

    #[test]
    fn what_the_program_inherited_does_not_reach_the_child() {
        let environment = [
            ("TRACEPARENT", OTHER),
            ("TRACESTATE", "old=1"),
            ("BAGGAGE", "b=2"),
            ("X_CORRELATION_TENANT", "7"),
            ("PATH", "/bin"),
        ];
        let copied = |command: &mut Command| {
            command.envs(environment);
        };
        for (change, why) in [(&(|_: &mut Command| {}) as &dyn Fn(&mut Command), "inherited"), (&copied, "copied")] {
            let vars = injected(&[("traceparent", PARENT)], &environment, change);
            assert!(
                value(&vars, "TRACEPARENT").unwrap().unwrap().contains("0af7651916cd43dd8448eb211c80319c"),
                "{why}"
            );
            for name in ["TRACESTATE", "BAGGAGE", "X_CORRELATION_TENANT"] {
                assert_eq!(value(&vars, name), Some(None), "{why}: {name}");
            }
            assert_ne!(value(&vars, "PATH"), Some(None), "{why}");
        }
    }

    #[test]
    fn what_the_program_set_on_the_command_stays() {
        let vars =
            injected(&[("traceparent", PARENT), ("tracestate", "vendor=1")], &[("TRACESTATE", "old=1")], |command| {
                command.env("TRACEPARENT", OTHER).env("X_CORRELATION_ID", "mine").env_remove("BAGGAGE");
            });
        assert_eq!(value(&vars, "TRACEPARENT"), Some(Some(OTHER.to_owned())));
        assert_eq!(value(&vars, "TRACESTATE"), Some(None), "it belongs to another context");
        assert_eq!(value(&vars, "X_AMZN_TRACE_ID"), None);
        assert_eq!(value(&vars, "X_CORRELATION_TRACEPARENT"), None);
        assert_eq!(value(&vars, "X_CORRELATION_ID"), Some(Some("mine".to_owned())));
        assert_eq!(value(&vars, "BAGGAGE"), Some(None));
    }

    #[test]
    fn a_value_that_the_scope_received_is_replaced() {
        let vars = injected(&[("traceparent", PARENT)], &[], |command| {
            command.env("TRACEPARENT", PARENT);
        });
        assert_ne!(value(&vars, "TRACEPARENT"), Some(Some(PARENT.to_owned())));
    }

    #[test]
    fn outside_of_a_scope_nothing_changes() {
        let mut command = Command::new("child");
        inject(&mut command);
        assert_eq!((command.get_envs().count(), vars().count(), stale_vars().count()), (0, 0, 0));
    }

    #[test]
    fn the_most_important_variables_fit() {
        let state = format!("vendor={}", "x".repeat(200));
        let ids: Vec<_> =
            (0..40).map(|id| (format!("x-correlation-{id}-{}", "k".repeat(200)), "v".repeat(256))).collect();
        let mut received = vec![("traceparent", PARENT), ("tracestate", state.as_str())];
        received.extend(ids.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let vars = injected(&received, &[], |_| {});
        let bytes: usize = vars.iter().map(|(name, value)| name.len() + value.as_ref().unwrap().len() + 2).sum();
        assert!((MAX_BYTES - 600..=MAX_BYTES).contains(&bytes), "{bytes}");
        assert!(value(&vars, "TRACESTATE").is_some() && value(&vars, "X_CORRELATION_ID").is_some());
    }

    #[test]
    fn a_value_with_nul_and_a_second_key_of_a_name_are_left_out() {
        let pairs = [("a-b", "1".to_owned()), ("a_b", "2".to_owned()), ("c", "\0".to_owned())];
        let fitting = Fitting::of(pairs);
        assert_eq!((fitting.vars, fitting.left_out), (vec![("A_B".to_owned(), "1".to_owned())], true));
    }

    #[test]
    fn the_variables_are_those_of_the_current_span() {
        let (vars, spans) = crate::testing::record("parent", || {
            correlation::set("order", "o-9");
            tracing::info_span!("spawn").in_scope(|| vars().collect::<Vec<_>>())
        });
        let spawn = spans.iter().find(|span| span.name == "spawn").unwrap();
        assert!(vars[0].1.contains(&spawn.context.span_id.to_string()), "{vars:?}");
        assert!(vars.contains(&("X_CORRELATION_ORDER".to_owned(), "o-9".to_owned())));
    }
}
