//! The initialisation of the execution environment by Lambda.

use thundra_core::Env;

/// The initialisation type of an execution environment, from the variable [`AWS_LAMBDA_INITIALIZATION_TYPE`].
///
/// [`AWS_LAMBDA_INITIALIZATION_TYPE`]: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InitializationType {
    /// An invocation started the environment. Also outside Lambda, and in emulators, without the variable.
    OnDemand,
    /// Lambda started the environment ahead of the invocations.
    ProvisionedConcurrency,
    /// Lambda restores the environment from a snapshot, once for each copy.
    SnapStart,
    /// Lambda runs the environment on managed instances: several invocations at once, no freeze, no enforced deadline.
    ManagedInstances,
    /// A type newer than the crate.
    Other,
}

impl InitializationType {
    const VARIABLE: &'static str = "AWS_LAMBDA_INITIALIZATION_TYPE";

    /// Reads the type. A program reads the type once, at the start, for all invocations.
    pub(crate) fn of(env: &Env) -> Self {
        match env.get(Self::VARIABLE).as_deref() {
            None | Some("on-demand") => InitializationType::OnDemand,
            Some("provisioned-concurrency") => InitializationType::ProvisionedConcurrency,
            Some("snap-start") => InitializationType::SnapStart,
            Some("lambda-managed-instances") => InitializationType::ManagedInstances,
            Some(_) => InitializationType::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_of_the_variable_is_a_type() {
        for (value, expected) in [
            ("", InitializationType::OnDemand),
            ("on-demand", InitializationType::OnDemand),
            ("provisioned-concurrency", InitializationType::ProvisionedConcurrency),
            ("snap-start", InitializationType::SnapStart),
            ("lambda-managed-instances", InitializationType::ManagedInstances),
            ("SNAP-START", InitializationType::Other),
            ("warm-pool", InitializationType::Other),
        ] {
            let env = Env::from_pairs([(InitializationType::VARIABLE, value)]);
            assert_eq!(InitializationType::of(&env), expected, "{value:?}");
        }
        assert_eq!(InitializationType::of(&Env::from_pairs([("A", "b")])), InitializationType::OnDemand);
    }
}
